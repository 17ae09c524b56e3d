#pragma once

#include "client.hpp"
#include "line_item.hpp"

#include <map>

namespace tenon::gam {

/// Finds the resources a targeting overlay means, by listing the network's places and device categories: ids differ
/// from one network to the next and no public table of them can be trusted. What was found is kept for the platform's
/// life.
///
/// Errors      UNSUPPORTED_FEATURE for members that cannot be targeted, VALIDATION_ERROR for codes that mean no place.
/// Either
///             way nothing is booked: targeting is never dropped.
class targeting_resolver {
 public:
  explicit targeting_resolver(client& api) : api_(api) {}

  /// `path` is the overlay's, "packages[0].targeting_overlay".
  sdk::task<resolved_targeting> resolve(json::object overlay, std::string path, sales::deadline until);

 private:
  sdk::task<std::vector<std::string>> places(json::object overlay, std::string suffix, std::string path,
                                             sales::deadline until);
  sdk::task<std::string> country(std::string code, std::string path, sales::deadline until);
  sdk::task<std::string> region(std::string code, std::string path, sales::deadline until);
  sdk::task<std::string> metro(std::string code, std::string path, sales::deadline until);
  sdk::task<std::string> only_place(std::string filter, std::string meaning, std::string path, sales::deadline until);
  sdk::task<std::vector<std::string>> devices(std::vector<std::string> types, std::string path, sales::deadline until);

  client& api_;
  std::map<std::string, std::string> known_;  ///< "US", "US-CA" -> resource name
  json::array categories_;
};

}  // namespace tenon::gam
