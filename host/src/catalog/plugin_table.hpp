#pragma once

#include "catalog/catalog.hpp"
#include "catalog/field.hpp"

namespace tenon {

/// Reads [plugins]: one table for each plugin about which the operator has decided something. They belong to the main
/// file and fail its read if they are wrong, for a pin with a typing error must not become no pin at all.
void read_plugin_tables(const document::entry& found, file_scope& scope,
                        std::map<std::string, plugin_policy, std::less<>>& into);

}  // namespace tenon
