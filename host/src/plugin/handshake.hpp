#pragma once

#include "plugin/interfaces.hpp"
#include "plugin/manifest.hpp"
#include "plugin/mapping.hpp"

#include <tenon/abi/plugin.h>

namespace tenon {

/// Finds the entry of a mapped plugin and holds it against the note that was read from its file: magic, size, ABI,
/// id, version, tasks, and that everything the entry points at lies in this library. Calls nothing. Errors
/// (CONFIGURATION_ERROR): the first difference. Borrowed: the entry lives as long as the mapping.
result<const tenon_plugin*> check_entry(const mapping& library, const manifest& expected);

/// Asks a plugin whose init() has returned for the optional interfaces that its manifest lists and this host knows.
/// Errors (CONFIGURATION_ERROR): one is not there, or does not lie in the library.
result<plugin_interfaces> ask_interfaces(const mapping& library, const manifest& listed, const tenon_plugin& entry);

}  // namespace tenon
