#pragma once

#include <string_view>

namespace tenon::tenond::schemas {

/// A predicate for one value of `format`, and what to call what it wants.
struct format_rule {
  std::string_view name;      ///< as in a schema, e.g. "date-time"
  std::string_view expected;  ///< for messages, e.g. "a date and time such as 2026-01-31T12:00:00Z"
  bool (*matches)(std::string_view text);
};

/// Null for a format that is not checked, which the specification allows.
/// Checked: date, date-time (RFC 3339), email, hostname, uri (RFC 3986, absolute), uri-template (RFC 6570).
///
/// Threads  Any. Cost  Linear in the text; no allocation.
const format_rule* find_format(std::string_view name) noexcept;

}  // namespace tenon::tenond::schemas
