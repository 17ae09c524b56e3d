#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// A TOML document as plain values with their lines. The library that parses stays behind parse().
namespace tenon::document {

struct value;
struct entry;

/// A TOML date, time or both, in ISO 8601.
struct date {
  std::string text;
};

using array = std::vector<value>;
using table = std::vector<entry>;  ///< in the order of the file

struct value {
  std::variant<std::string, std::int64_t, double, bool, date, array, table> held;
  std::uint32_t line = 0;
};

struct entry {
  std::string key;
  value content;
  std::uint32_t line = 0;  ///< of the key
};

/// Why there is no document.
struct flaw {
  std::uint32_t line = 0;  ///< 0: the file as a whole
  std::string message;
};

/// Errors: not TOML, or nested too deeply to be meant. The message quotes keys but never a value, which might be a
/// secret in the wrong place.
boost::system::result<table, flaw> parse(std::string_view text);

/// Reads a regular file and parses it. A pipe or a device is refused, for reading it might never end.
boost::system::result<table, flaw> load(const std::filesystem::path& file);

/// Null if there is no such key.
const entry* find(const table& in, std::string_view key) noexcept;

/// "a string", "an integer", ...: what a message may say of any value.
std::string_view kind_of(const value& content) noexcept;

}  // namespace tenon::document
