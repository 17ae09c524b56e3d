#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::sales {

/// A moment in UTC, to the second: what both ad servers and AdCP schedule by.
using instant = std::chrono::sys_seconds;

/// Reads RFC 3339 ("2026-12-01T05:00:00+02:00"), any number of fractional digits, which are dropped. A missing offset
/// is UTC: Kevel answers "2019-07-01T00:00:00.0000000". Anything else, and a moment that does not exist, is nullopt.
std::optional<instant> parse_instant(std::string_view text);

/// "2026-12-01T05:00:00Z".
std::string format_instant(instant moment);

/// Reads "2026-12-01"; nullopt for anything else.
std::optional<std::chrono::year_month_day> parse_day(std::string_view text);

/// Reads a day as reports key it, 20261201; nullopt for a day that does not exist.
std::optional<std::chrono::year_month_day> day_from_number(std::int64_t yyyymmdd);

/// "2026-12-01".
std::string format_day(std::chrono::year_month_day day);

/// The UTC day a moment falls on.
std::chrono::year_month_day day_of(instant moment);

}  // namespace tenon::sales
