#pragma once

#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <string>

namespace tenon {

/// What an operator is to read of an error: its detail, or the message if it has none.
const std::string& operator_text(const error& value) noexcept;

/// A time in UTC, to the second, as in RFC 3339: "2026-01-31T12:00:00Z".
std::string utc_text(wall_time when);

}  // namespace tenon
