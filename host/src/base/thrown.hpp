#pragma once

#include <tenon/error.hpp>

#include <string_view>

namespace tenon {

/// The error for the exception being handled: an error_exception's own, else INTERNAL_ERROR, whose text only
/// the operator sees. Call it in a catch block. `thrower` is for the operator: who threw.
error error_of_current_exception(std::string_view thrower);

}  // namespace tenon
