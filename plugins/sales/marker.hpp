#pragma once

#include <tenon/sdk/context.hpp>

#include <string>

namespace tenon::sales {

/// Sixteen hexadecimal digits that stand for a buyer's idempotency key; random ones when there is none. Whatever a
/// request makes in an ad server carries them, so that the same request finds it again.
std::string marker_key(sdk::platform_context const& context, sdk::call_context const& call);

/// Sixteen hexadecimal digits that stand for who buys of this tenant: in the records of media buys. Empty for a call
/// that names nobody.
std::string buyer_key(sdk::platform_context const& context, sdk::call_context const& call);

/// The marker of a request's nth package.
std::string marker_of(std::string const& key, std::size_t index);

}  // namespace tenon::sales
