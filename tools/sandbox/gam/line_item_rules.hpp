#pragma once

#include "sandbox/call.hpp"

#include <string>

namespace tenon::sandbox::gam {

/// What must hold between the fields of a line item beyond their types: dates, goal, price, targeting. `before` is null
/// for a new one. Throws the first rule that is broken.
void check_line_item(const gam_network& network, const record* before, const json::object& fields, sys_seconds now,
                     const std::string& path);

/// What upstream fills in when a client leaves it out.
void add_line_item_defaults(json::object& fields);

}  // namespace tenon::sandbox::gam
