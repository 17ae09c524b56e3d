#pragma once

#include "catalog/call_limits.hpp"
#include "catalog/field.hpp"

namespace tenon {

/// Reads a table `limits`, the main file's or a tenant's. A key that is left out leaves what is there: so a tenant has
/// the main file's limits but for those it names.
void read_limits(const field& from, call_limits& into);

}  // namespace tenon
