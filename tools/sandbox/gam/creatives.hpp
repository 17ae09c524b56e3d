#pragma once

#include "sandbox/call.hpp"

/// Creatives, and the associations that put them on line items (LICAs).
namespace tenon::sandbox::gam {

http::response create_creative(call& request);
http::response create_creatives(call& request);
http::response update_creatives(call& request);

http::response get_association(call& request);
http::response list_associations(call& request);
http::response create_association(call& request);
http::response create_associations(call& request);
/// The subject is "activate" or "deactivate".
http::response act_on_associations(call& request);

}  // namespace tenon::sandbox::gam
