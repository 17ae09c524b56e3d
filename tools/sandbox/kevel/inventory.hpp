#pragma once

#include "sandbox/call.hpp"

/// What a Kevel network has before anything is sold.
namespace tenon::sandbox::kevel {

/// The subject is the entity: "site", "zone", "channel", "priority", "adtype".
http::response list_inventory(call& request);
http::response get_inventory(call& request);
http::response list_priorities_of_channel(call& request);
http::response list_ad_types_of_channel(call& request);

http::response list_countries(call& request);
http::response list_regions(call& request);

/// The same for every network but for its ids.
void seed(kevel_world& all, kevel_network& network);

}  // namespace tenon::sandbox::kevel
