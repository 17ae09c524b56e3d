#pragma once

#include "base/thrown.hpp"

#include <tenon/error.hpp>

#include <string>
#include <string_view>

namespace tenon {

/// Refinement of get_products, as a platform names it. No tool of the release: a buyer asks for it by `buying_mode`.
inline constexpr std::string_view refine_task = "refine_get_products";

/// UNSUPPORTED_FEATURE, or for a refinement, which the buyer can do without: INVALID_REQUEST on `buying_mode`.
error not_implemented(std::string_view task, const std::string& tenant);

}  // namespace tenon
