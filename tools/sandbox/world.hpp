#pragma once

#include "sandbox/call.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/oauth.hpp"
#include "sandbox/quotas.hpp"
#include "sandbox/traffic.hpp"

#include <map>
#include <string>

namespace tenon::sandbox {

/// All there is: both upstreams' objects, the credentials, the counters, the faults.
struct world {
  token_issuer tokens = {};
  std::map<std::string, gam_network, std::less<>> gam = {};  ///< by network code
  kevel_world kevel = {};
  std::map<std::string, std::string, std::less<>> kevel_keys = {};  ///< secret -> key name
  traffic counters = {};
  fault_list faults = {};
  quotas limits = {};   ///< none until set
  bool seeded = false;  ///< since what keeps it on a disk looked last

  /// Puts every network back to its first inventory. Credentials and tokens stay.
  void seed();
};

}  // namespace tenon::sandbox
