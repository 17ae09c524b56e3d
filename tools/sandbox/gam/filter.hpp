#pragma once

#include "sandbox/gam/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The part of the list filter grammar that is served: `path = value`, joined by AND.
namespace tenon::sandbox::gam {

struct comparison {
  std::vector<std::string> where;
  std::string value;  ///< unquoted
};

/// Errors: 400 on anything else, and on a field the message does not have.
std::vector<comparison> parse_filter(std::string_view text, const message& shape);

/// Whether the object as it is shown meets all of them. A field that is not there is its zero value: "", false, 0.
bool matches(const json::object& shown, const std::vector<comparison>& all);

/// `orderBy`: "displayName", "updateTime desc"; one field. Errors: 400.
struct ordering {
  std::string field = {};
  bool descending = false;
};
ordering parse_ordering(std::string_view text, const message& shape);
bool comes_before(const json::object& left, const json::object& right, const ordering& by);

}  // namespace tenon::sandbox::gam
