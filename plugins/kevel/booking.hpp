#pragma once

#include "library.hpp"

#include "../sales/buy.hpp"
#include "../sales/progress.hpp"

#include <map>
#include <string>

namespace tenon::kevel {

/// create_media_buy: an inactive campaign, its flights and their ads, and the campaign switched on last, because an
/// inactive one serves nothing.
///
/// Campaign and flights carry markers made of the idempotency key, which are looked for before and after a write of
/// unknown outcome: the same request sent again finishes what an earlier one began and books nothing twice. Once there
/// is something of a buy in Kevel, it is finished or undone: what the time of a call does not suffice for is submitted
/// and gone on with later (sales::progress).
class booking {
 public:
  booking(client& api, campaign_book& campaigns, creative_library& library, sales::awaited_creatives& awaited)
      : api_(api), campaigns_(campaigns), library_(library), awaited_(awaited) {}

  sdk::task<json::object> create(json::object request, sdk::call_context call);

  // For sales::make_in_attempts().
  sdk::task<json::object> attempt(json::object request, sales::progress* going, sales::deadline until);
  sdk::task<bool> discard(sales::progress const* going, sales::deadline until);

 private:
  sdk::task<json::array> find_campaigns(std::string name, sales::deadline until);
  sdk::task<void> remove(json::object draft, sales::deadline until);
  /// The campaign of a marker: made, or adopted from an earlier attempt.
  struct claimed_campaign {
    json::object campaign;
    bool adopted = false;

    std::int64_t id() const { return sales::upstream_integer(campaign, "Id"); }
  };

  sdk::task<claimed_campaign> ensure_campaign(sales::buy_plan plan, sales::progress* going, sales::deadline until);
  /// The flights of a campaign by their markers, one of each.
  using known_flights = std::map<std::string, std::int64_t>;

  sdk::task<known_flights> find_flights(std::int64_t campaign_id, bool removes_surplus, sales::deadline until);
  sdk::task<std::int64_t> make_flight(sales::package_plan plan, std::int64_t campaign_id, std::string marker,
                                      sales::deadline until);
  sdk::task<void> complete(sales::buy_plan plan, claimed_campaign claimed, sales::progress const* going,
                           sales::deadline until);
  /// Has the flight serve its creatives, and writes down which it waits for.
  sdk::task<void> give_creatives(sales::package_plan const* package, std::int64_t flight_id, std::int64_t campaign_id,
                                 sales::package_awaits* waits, seen_creatives* seen, sales::deadline until);
  sdk::task<void> activate(std::int64_t campaign_id, sales::deadline until);

  client& api_;
  campaign_book& campaigns_;
  creative_library& library_;
  sales::awaited_creatives& awaited_;
};

/// A whole campaign as PUT wants it back, with our record in it.
json::object for_put(json::object campaign, json::object const& record);

}  // namespace tenon::kevel
