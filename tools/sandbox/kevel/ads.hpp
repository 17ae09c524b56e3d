#pragma once

#include "sandbox/call.hpp"

/// Creatives, and ads, which put a creative on a flight ("creative maps").
namespace tenon::sandbox::kevel {

http::response create_creative(call& request);
http::response get_creative(call& request);
http::response put_creative(call& request);
http::response list_creatives(call& request);
http::response list_creatives_of_advertiser(call& request);

http::response create_ad(call& request);
http::response put_ad(call& request);
http::response delete_ad(call& request);
http::response list_ads_of_flight(call& request);
http::response get_ad(call& request);
http::response list_ads(call& request);

/// The undeleted ads of a flight, each with its whole creative.
json::array ads_of(const call& request, std::string_view flight_id);

}  // namespace tenon::sandbox::kevel
