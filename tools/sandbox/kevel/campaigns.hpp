#pragma once

#include "sandbox/call.hpp"

/// Advertisers and campaigns.
namespace tenon::sandbox::kevel {

http::response create_advertiser(call& request);
http::response get_advertiser(call& request);
http::response put_advertiser(call& request);
http::response list_advertisers(call& request);
http::response search_advertisers(call& request);

http::response create_campaign(call& request);
http::response get_campaign(call& request);
http::response put_campaign(call& request);
http::response delete_campaign(call& request);
http::response list_campaigns(call& request);
http::response search_campaigns(call& request);

/// The campaign of that id if a client of this network may use it. Throws the refusals that Kevel words.
record& usable_campaign(call& request, std::string_view id);
record& usable_advertiser(call& request, std::string_view id);

}  // namespace tenon::sandbox::kevel
