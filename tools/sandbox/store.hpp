#pragma once

#include "sandbox/text.hpp"

#include <boost/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

/// What an upstream remembers: named tables of JSON objects, each table in order of creation.
namespace tenon::sandbox {

namespace json = boost::json;

/// One object. `fields` is what was written; what an upstream computes from it is added when it is shown.
struct record {
  std::string key;
  json::object fields;
  std::optional<sys_seconds> paused_at = {};  ///< delivery stands still from here on
};

/// Lifetime    References to records stay valid until that record is erased.
class table {
 public:
  /// The key must be new.
  record& add(std::string key, json::object fields);
  record* find(std::string_view key);
  const record* find(std::string_view key) const;
  void erase(std::string_view key);
  std::size_t size() const { return records_.size(); }

  /// Visits all, oldest first.
  void each(const std::function<void(const record&)>& visit) const;
  /// Visits those whose key begins with `prefix`, in order of key.
  void each_below(std::string_view prefix, const std::function<void(const record&)>& visit) const;

  // For what keeps the tables on a disk: the places of records that were added or may have been written to since it was
  // asked last, and of those that were erased; and how a table is filled from there.
  struct changes {
    std::set<std::uint64_t> written;
    std::set<std::uint64_t> erased;
  };
  bool changed() const { return !changes_.written.empty() || !changes_.erased.empty(); }
  changes take_changes() { return std::exchange(changes_, {}); }
  const record& at(std::uint64_t place) const { return records_.at(place); }
  void restore(std::uint64_t place, record kept);

 private:
  std::map<std::uint64_t, record> records_;
  std::map<std::string, std::uint64_t, std::less<>> places_;
  std::uint64_t next_ = 0;
  changes changes_;
};

using store = std::map<std::string, table, std::less<>>;

/// The table of that name, made when it is not there.
table& table_of(store& all, std::string_view name);
/// The record, or null when the table or the key is not there.
const record* find(const store& all, std::string_view name, std::string_view key);

/// The text of a string member, or an empty view.
std::string_view text_of(const json::object& object, std::string_view name);
/// The number of a member, whichever way JSON wrote it (a decimal string included), or the default.
std::int64_t integer_of(const json::object& object, std::string_view name, std::int64_t missing = 0);
double number_of(const json::object& object, std::string_view name, double missing = 0);
bool flag_of(const json::object& object, std::string_view name);
/// The member as an object or array, or an empty one.
const json::object& object_of(const json::object& object, std::string_view name);
const json::array& array_of(const json::object& object, std::string_view name);

}  // namespace tenon::sandbox
