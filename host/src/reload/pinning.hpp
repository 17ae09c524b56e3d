#pragma once

#include "catalog/catalog.hpp"
#include "plugin/admission.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tenon {

/// The plugin bytes that one reading of the configuration pinned, or why a plugin was refused. By plugin name.
using pinned_plugins = std::map<std::string, result<std::shared_ptr<const plugin_image>>, std::less<>>;

/// Admits every plugin that one of these tenants names, each once and one after the other. Blocks on files and on
/// canaries. `counts`: which tenants; none: all.
pinned_plugins pin_plugins(const catalog& tenants, admission& admitting,
                           const std::function<bool(const tenant_entry&)>& counts = {});

}  // namespace tenon
