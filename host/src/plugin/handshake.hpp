#pragma once

#include "plugin/manifest.hpp"
#include "plugin/mapping.hpp"

#include <tenon/abi/plugin.h>

namespace tenon {

/// Finds the entry of a mapped plugin and holds it against the note that was read from its file: magic, size, ABI,
/// id, version, tasks, and that everything the entry points at lies in this library. Calls nothing. Errors
/// (CONFIGURATION_ERROR): the first difference. Borrowed: the entry lives as long as the mapping.
result<const tenon_plugin*> check_entry(const mapping& library, const manifest& expected);

}  // namespace tenon
