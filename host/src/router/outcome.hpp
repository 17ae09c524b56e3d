#pragma once

#include <tenon/error.hpp>

#include <string>
#include <string_view>

namespace tenon {

/// Refinement of get_products, as a platform names it. No tool of the release: a buyer asks for it by `buying_mode`.
inline constexpr std::string_view refine_task = "refine_get_products";

/// The error for the exception being handled: an error_exception's own, else INTERNAL_ERROR, whose text only
/// the operator sees. Call it in a catch block. `thrower` is for the operator: who threw.
error error_of_current_exception(std::string_view thrower);

/// UNSUPPORTED_FEATURE, or for a refinement, which the buyer can do without: INVALID_REQUEST on `buying_mode`.
error not_implemented(std::string_view task, const std::string& tenant);

}  // namespace tenon
