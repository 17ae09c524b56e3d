#pragma once

#include <cstdint>
#include <string>

namespace tenon {

/// One finding about the configuration.
struct diagnostic {
  bool fatal = true;    ///< false: a warning
  std::string tenant = {};   ///< the tenant it breaks; empty: the whole file
  std::string file = {};
  std::uint32_t line = 0;
  std::string message = {};  ///< expected, found, what to do

  /// "file:line: error: message"
  std::string to_string() const;
};

}  // namespace tenon
