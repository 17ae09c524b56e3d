#pragma once

#include "catalog/tenant_table.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tenon {

/// One tenant's table and the file it was read from. It is broken once its scope has an error.
struct tenant_record {
  tenant_draft draft;
  file_scope scope;
};

/// Sees to it that nobody takes what another tenant has. A claim of several tenants stays with the one that has it in
/// force; if none has, it is nobody's, for the order of files says nothing about whose it is. Whoever does not get what
/// it claims gets an error with the place of the other claim.
///
/// Cost: linear in the claims, for each tenant that keeps another one from its claim only by being broken itself.
void settle_claims(std::vector<tenant_record>& records, const tenants_in_force& in_force);

}  // namespace tenon
