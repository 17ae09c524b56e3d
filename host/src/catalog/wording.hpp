#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tenon {

/// "\"text\"", shortened, control characters escaped: what a message may quote of what others wrote.
std::string in_quotes(std::string_view text);

/// "gam, kevel and 3 more".
std::string in_a_row(std::span<const std::string_view> names);

}  // namespace tenon
