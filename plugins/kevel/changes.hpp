#pragma once

#include "booking.hpp"

namespace tenon::kevel {

/// What an update does to one flight.
struct flight_change {
  std::size_t index = 0;  ///< among the campaign's flights
  json::object flight;    ///< whole, as it will be put
  std::vector<sales::assignment> assignments;
  std::vector<sales::creative> creatives;
  bool replaces_creatives = false;
  bool moves_end = false;
  bool cancels = false;
  std::string path;
};

/// update_media_buy. Kevel's PUT overwrites what it is not given, so every change is the whole object as it was read,
/// with the changed members in place.
class changes {
 public:
  changes(client& api, campaign_book& campaigns, creative_library& library, sales::awaited_creatives& awaited)
      : api_(api), campaigns_(campaigns), library_(library), awaited_(awaited) {}

  sdk::task<json::object> update(json::object request, sdk::call_context call);

  /// For sales::change_in_attempts().
  sdk::task<json::object> attempt(json::object request, sales::progress* going, sales::deadline until);

 private:
  std::vector<flight_change> plan(json::object const& request, booked_campaign const& booked) const;
  /// Adds to `may_have_come` what the package waits for from now on, and what it brought.
  sdk::task<void> apply(flight_change wanted, std::int64_t campaign_id, sales::progress const* going,
                        seen_creatives* seen, std::vector<std::string>* may_have_come, sales::deadline until);
  sdk::task<void> write_flight(flight_change const* wanted, std::int64_t campaign_id, sales::package_awaits* waits,
                               seen_creatives* seen, sales::deadline until);
  sdk::task<void> put_campaign(json::object request, booked_campaign booked, std::string key, sales::deadline until);

  client& api_;
  campaign_book& campaigns_;
  creative_library& library_;
  sales::awaited_creatives& awaited_;
};

/// The flight with an update's members in place, its record amended alike. Pure. Throws UNSUPPORTED_FEATURE for what
/// cannot be changed, INVALID_STATE for the start of a flight that has begun.
json::object changed_flight(json::object flight, json::object const& update, kevel_settings const& settings,
                            sales::instant now, std::string const& path);

}  // namespace tenon::kevel
