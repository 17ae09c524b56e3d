#pragma once

#include "catalog/catalog.hpp"
#include "catalog/field.hpp"

namespace tenon {

/// Turns a tenant's settings into the JSON its plugin gets. A table whose only key is `file` or `env` names a secret:
/// it goes to `secrets` under its path ("api_key", "auth.key", "keys[0]") and stands in the JSON as
/// {"secret": "<path>"}.
///
/// Whether the settings are those the plugin wants, and whether what should be a secret is one, the plugin's manifest
/// decides later. No finding quotes a value, for somebody may have written a secret where none belongs.
void read_settings(const field& from, tenant_entry& into);

}  // namespace tenon
