#pragma once

#include "sandbox/call.hpp"

/// What a network has before anything is sold, and the custom targeting that a client may add to it.
namespace tenon::sandbox::gam {

/// The subject is "customTargetingKeys" or "customTargetingValues".
http::response create_one(call& request);
http::response create_batch(call& request);

/// A new network's inventory: the same for every network but for its code.
void seed(gam_network& network);

}  // namespace tenon::sandbox::gam
