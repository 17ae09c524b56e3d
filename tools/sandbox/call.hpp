#pragma once

#include "sandbox/answer.hpp"
#include "sandbox/store.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What a handler gets: the request taken apart, and the state of the one upstream it speaks for.
namespace tenon::sandbox {

struct world;

/// One GAM network. `objects` is by collection: "orders", "lineItems", ...
struct gam_network {
  std::string code;
  store objects = {};
  std::map<std::string, std::vector<std::string>> line_items_of = {};  ///< by order; deleted ones stay listed
  std::int64_t last_id = 3299;

  std::string name() const { return "networks/" + code; }
};

/// One Kevel network, which is one API key. `objects` is by entity: "campaign", "flight", ...
struct kevel_network {
  std::string key_name;
  std::int64_t first_id = 0;  ///< what its inventory is numbered from, so that a reset gives the same ids again
  store objects = {};
  std::map<std::string, std::uint64_t> ignored_fields = {};  ///< "flight.Priority": sent, but no field of the API
};

/// Kevel's ids are unique across networks, so that one network's id is recognisably another's.
struct kevel_world {
  std::map<std::string, kevel_network> networks = {};  ///< by key name
  std::int64_t last_id = 7'290'000;
};

/// Threads     One at a time.
struct call {
  const http::request& request;
  sys_seconds now;
  parameters query = {};
  std::vector<std::string> ids = {};  ///< what the placeholders of the endpoint's pattern matched, in order
  std::string_view subject = {};      ///< the endpoint's: a collection, an entity, an action
  gam_network* gam = nullptr;
  kevel_world* kevel_all = nullptr;
  kevel_network* kevel = nullptr;
  world* all = nullptr;  ///< for the endpoints that speak for no upstream
};

using handler = http::response (*)(call&);

/// A row of an endpoint table. The pattern's placeholders are "{name}"; the pattern is the route's name in the
/// counters.
struct endpoint {
  std::string_view method;
  std::string_view pattern;
  handler handle;
  std::string_view subject = {};
};

}  // namespace tenon::sandbox
