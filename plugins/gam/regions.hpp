#pragma once

#include <optional>
#include <string_view>

namespace tenon::gam {

/// The English name of a subdivision, by its country and ISO 3166-2 code: Ad Manager's places carry names, not codes.
/// Knows the United States and Canada; nullopt for others, which are refused rather than guessed.
std::optional<std::string_view> region_name(std::string_view country, std::string_view subdivision);

}  // namespace tenon::gam
