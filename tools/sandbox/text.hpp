#pragma once

#include <tenon/clock.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The notations both upstreams share: percent-encoding, base64url, points in time. Plain functions on values.
namespace tenon::sandbox {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using parameters = std::vector<std::pair<std::string, std::string>>;

/// Undoes %XX, and `+` for a space where `form` says so. A malformed escape stays as it is.
std::string percent_decode(std::string_view text, bool form = false);

/// The pairs of a query or of a form body, decoded, in order.
parameters parse_form(std::string_view text);

/// The first value of that name, or an empty view.
std::string_view value_of(const parameters& all, std::string_view name);
bool has(const parameters& all, std::string_view name);

/// Without padding, as JWTs have it. Nothing for a text that is not exactly that.
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

/// "2026-12-01T05:00:00Z", with fraction or offset if given. Without a zone the text is UTC, or nothing where one is
/// needed.
std::optional<sys_seconds> parse_time(std::string_view text, bool zone_needed);

/// GAM's notation, "2026-12-01T05:00:00Z".
std::string rfc3339(sys_seconds time);
/// Kevel's notation, "2026-12-01T05:00:00.0000000".
std::string kevel_time(sys_seconds time);
/// "2026-12-01".
std::string iso_date(sys_days day);

std::optional<std::int64_t> parse_integer(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char at);

/// `bytes` random ones, as lower-case hexadecimal.
std::string random_hex(std::size_t bytes);

}  // namespace tenon::sandbox
