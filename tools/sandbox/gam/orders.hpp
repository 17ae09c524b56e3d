#pragma once

#include "sandbox/call.hpp"

/// Orders: created and updated in batches only, their state moved by actions.
namespace tenon::sandbox::gam {

http::response create_orders(call& request);
http::response update_orders(call& request);

/// The subject is the action: "approve", "pause", ... All orders take it or none does.
http::response act_on_orders(call& request);

}  // namespace tenon::sandbox::gam
