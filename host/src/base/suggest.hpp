#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tenon {

/// How many letters must be inserted, dropped, replaced or swapped with their neighbour to get from one to the other.
/// Cost: the product of the lengths.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The end of an error message about a name that nobody knows: ", did you mean \"ttl_seconds\"?", or nothing if no
/// known name is close (a third of its letters may differ, and at least one).
std::string did_you_mean(std::string_view found, std::span<const std::string_view> known);
std::string did_you_mean(std::string_view found, std::span<const std::string> known);

}  // namespace tenon
