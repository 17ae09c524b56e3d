#pragma once

#include <boost/json/object.hpp>

#include <optional>

namespace tenon::canary {

/// Settings that the schema accepts, as few as possible: its defaults, and something for each property that is
/// required. Secrets are names behind which there is nothing. Nothing if no such settings were found (a pattern that
/// none of our samples matches): then there is no platform that could be asked for.
std::optional<boost::json::object> sample_settings(const boost::json::object& schema);

}  // namespace tenon::canary
