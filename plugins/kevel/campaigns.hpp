#pragma once

#include "client.hpp"

#include "../sales/state.hpp"

namespace tenon::kevel {

/// What of a flight decides its status.
struct flight_facts {
  bool active = false;
  bool gone = false;  ///< deleted or archived
  bool has_ads = false;
  bool finished = false;  ///< Kevel's own word for it
  sales::instant start;
  sales::instant end;
};

/// The MediaBuyStatus of a campaign and its flights.
std::string media_buy_status(bool campaign_active, bool campaign_gone, bool draft,
                             std::vector<flight_facts> const& flights, sales::instant now);

flight_facts facts_of(json::object const& flight);

/// A media buy as read from Kevel.
struct booked_campaign {
  json::object campaign;
  std::vector<json::object> flights;  ///< in the order of state.packages
  std::vector<flight_facts> facts;    ///< likewise
  sales::buy_state state;

  std::int64_t id() const { return sales::upstream_integer(campaign, "Id"); }
};

/// The media buys of the advertiser. Ids are made of Kevel's own ("kevel-<campaign>", "kevel-fl-<flight>"), and what a
/// campaign cannot say is kept in its CustomFieldsJson, so that a process can forget everything. Only campaigns that we
/// booked for this buyer exist here.
class campaign_book {
 public:
  using booked_buy = booked_campaign;

  explicit campaign_book(client& api) : api_(api) {}

  sdk::task<booked_campaign> load(std::string media_buy_id, std::string buyer, sales::deadline until);

  /// The ids of a buyer's media buys.
  sdk::task<std::vector<std::string>> all_ids(std::string buyer, sales::deadline until);

 private:
  booked_campaign read(json::object campaign, json::array flights) const;
  bool is_there_for(std::string const& buyer, json::object const& campaign) const;

  client& api_;
};

std::string media_buy_id_of(std::int64_t campaign_id);
std::string package_id_of(std::int64_t flight_id);

/// The number behind a media buy or package id; 0 if it is none of ours.
std::int64_t campaign_of(std::string_view media_buy_id);
std::int64_t flight_of_package(std::string_view package_id);

/// What we keep of a campaign or flight in its CustomFieldsJson.
json::object record_of(json::object const& entity);

}  // namespace tenon::kevel
