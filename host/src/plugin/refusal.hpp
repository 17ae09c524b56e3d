#pragma once

#include <tenon/error.hpp>

#include <string>
#include <utility>

namespace tenon {

/// The one error of this layer: the buyer learns that the tenant is set up wrongly, the operator learns why and what
/// to do.
inline error refusal(std::string why) {
  return account_misconfigured(std::move(why));
}

}  // namespace tenon
