#pragma once

#include "sandbox/call.hpp"

namespace tenon::sandbox::kevel {

http::response create_flight(call& request);
http::response get_flight(call& request);
http::response put_flight(call& request);
http::response delete_flight(call& request);
http::response list_flights(call& request);
/// The subject is "campaign" or "advertiser": whose flights.
http::response list_flights_of(call& request);

/// Throws the refusals that Kevel words.
record& usable_flight(call& request, std::string_view id);

/// The stored fields, and what is computed: DeliveryStatus and CreativeMaps.
json::object show_flight(const call& request, const record& held);

}  // namespace tenon::sandbox::kevel
