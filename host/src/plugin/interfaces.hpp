#pragma once

#include <tenon/abi/plugin.h>

namespace tenon {

/// The optional interfaces of a plugin that this host knows; null: it has none. Constant data of the library.
struct plugin_interfaces {
  const tenon_health_1* health = nullptr;
  const tenon_handover_1* handover = nullptr;
};

}  // namespace tenon
