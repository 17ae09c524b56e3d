#include "booking.hpp"

#include "flight.hpp"

#include "../sales/marker.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::kevel {
namespace {

constexpr std::size_t most_packages = 100;  // below the 125 flights of the smallest account
constexpr std::size_t longest_campaign_name = 200;

bool is_draft(json::object const& campaign) {
  return sales::upstream_flag(record_of(campaign), "draft") && !sales::upstream_flag(campaign, "IsDeleted");
}

bool has_id(json::value const& campaign, std::string const& id) {
  return std::to_string(sales::upstream_integer(campaign.get_object(), "Id")) == id;
}

bool contains(json::array const& campaigns, std::string const& id) {
  return std::any_of(campaigns.begin(), campaigns.end(), [&](auto const& each) { return has_id(each, id); });
}

// Of campaigns with our name the one that an earlier attempt has named; else one that is whole; else the first.
json::object chosen_of(json::array const& campaigns, std::string const& made) {
  for (auto const& each : campaigns) {
    if (has_id(each, made)) {
      return each.get_object();
    }
  }
  for (auto const& each : campaigns) {
    if (!is_draft(each.get_object())) {
      return each.get_object();
    }
  }
  return campaigns.front().get_object();
}

}  // namespace

json::object for_put(json::object campaign, json::object const& record) {
  campaign["CustomFieldsJson"] = json::serialize(record);
  return for_put(std::move(campaign));  // campaigns answer the same zeros for frequency as flights do
}

sdk::task<json::array> booking::find_campaigns(std::string name, sales::deadline until) {
  auto const found = co_await api_.search("/campaign/search", "campaignName", name, until);
  json::array ours;
  for (auto const& each : found) {
    if (!each.is_object()) {
      continue;
    }
    auto const& campaign = each.get_object();
    if (sales::upstream_text(campaign, "Name") == name && !sales::upstream_flag(campaign, "IsDeleted") &&
        sales::upstream_integer(campaign, "AdvertiserId") == api_.settings().advertiser_id) {
      ours.push_back(campaign);
    }
  }
  co_return ours;
}

sdk::task<void> booking::remove(json::object draft, sales::deadline until) {
  auto const path = "/campaign/" + std::to_string(sales::upstream_integer(draft, "Id"));
  draft["IsActive"] = false;
  draft["IsDeleted"] = true;
  auto body = for_put(std::move(draft));
  co_await api_.write("PUT", path, std::move(body), subject::media_buy, until);
}

sdk::task<booking::claimed_campaign> booking::ensure_campaign(sales::buy_plan plan, sales::progress* going,
                                                              sales::deadline until) {
  auto const name =
      short_name(plan.brand.empty() ? "AdCP" : "AdCP " + plan.brand, "[" + going->key() + "]", longest_campaign_name);
  claimed_campaign claimed;
  auto const known = co_await find_campaigns(name, until);
  if (!known.empty()) {
    claimed.campaign = chosen_of(known, going->made());
    going->claim(name, std::to_string(claimed.id()));
    claimed.adopted = true;
    // An earlier attempt whose outcome was unknown may have come through after all.
    for (auto const& each : known) {
      auto const& other = each.get_object();
      if (sales::upstream_integer(other, "Id") != claimed.id() && is_draft(other)) {
        co_await remove(other, until);
      }
    }
    co_return claimed;
  }
  if (!going->claimed()) {  // else an earlier attempt has been allowed to
    co_await sales::require_awaitable(&library_, sales::assignments_of(plan), going->buyer(), until);
  }
  auto record = sales::buy_record(going->key(), api_.now(), going->buyer());
  record["draft"] = true;
  record["currency"] = plan.packages.front().option->currency;
  if (!plan.po_number.empty()) {
    record["po_number"] = plan.po_number;
  }
  json::object body{{"AdvertiserId", api_.settings().advertiser_id},
                    {"Name", name},
                    {"IsActive", false},
                    {"CustomFieldsJson", json::serialize(record)}};
  std::exception_ptr unclear;
  try {
    claimed.campaign = co_await api_.write("POST", "/campaign", std::move(body), subject::advertiser, until);
    going->claim(name, std::to_string(claimed.id()));
    co_return claimed;
  } catch (outcome_unknown const&) {
    going->claim(name);
    unclear = std::current_exception();
  }
  auto const found = co_await find_campaigns(name, until);
  claimed.adopted = true;
  if (found.empty()) {
    std::rethrow_exception(unclear);
  }
  claimed.campaign = found.front().get_object();
  going->claim(name, std::to_string(claimed.id()));
  co_return claimed;
}

sdk::task<booking::known_flights> booking::find_flights(std::int64_t campaign_id, bool removes_surplus,
                                                        sales::deadline until) {
  auto path = "/campaign/" + std::to_string(campaign_id) + "/flight";
  auto const flights = co_await api_.list(std::move(path), subject::media_buy, until);
  known_flights known;
  for (auto const& each : flights) {
    if (!each.is_object() || sales::upstream_flag(each.get_object(), "IsDeleted")) {
      continue;
    }
    auto const& flight = each.get_object();
    auto const id = sales::upstream_integer(flight, "Id");
    auto const marker = sales::upstream_text(record_of(flight), "marker");
    if (!known.emplace(marker, id).second && removes_surplus) {
      auto surplus = flight;
      surplus["IsActive"] = false;
      surplus["IsDeleted"] = true;
      auto body = for_put(std::move(surplus));
      co_await api_.write("PUT", "/flight/" + std::to_string(id), std::move(body), subject::package, until);
    }
  }
  co_return known;
}

sdk::task<std::int64_t> booking::make_flight(sales::package_plan plan, std::int64_t campaign_id, std::string marker,
                                             sales::deadline until) {
  auto flight = flight_of(plan, api_.settings(), campaign_id, marker);
  std::exception_ptr unclear;
  try {
    auto const made = co_await api_.write("POST", "/flight", std::move(flight), subject::other, until);
    co_return sales::upstream_integer(made, "Id");
  } catch (outcome_unknown const&) {
    unclear = std::current_exception();
  }
  auto const known = co_await find_flights(campaign_id, false, until);
  auto const adopted = known.find(marker);
  if (adopted == known.end()) {
    std::rethrow_exception(unclear);
  }
  co_return adopted->second;
}

sdk::task<void> booking::activate(std::int64_t campaign_id, sales::deadline until) {
  auto const path = "/campaign/" + std::to_string(campaign_id);
  auto campaign = co_await api_.get(path, subject::media_buy, until);
  auto record = record_of(campaign);
  record.erase("draft");
  campaign["IsActive"] = true;
  auto body = for_put(std::move(campaign), record);
  co_await api_.write("PUT", path, std::move(body), subject::media_buy, until);
}

sdk::task<void> booking::give_creatives(sales::package_plan const* package, std::int64_t flight_id,
                                        std::int64_t campaign_id, sales::package_awaits* waits, seen_creatives* seen,
                                        sales::deadline until) {
  auto wanted = co_await library_.gather(package->assignments, package->creatives, &waits->absent(), seen, until);
  if (!wanted.empty()) {
    waits->require_held();
    co_await library_.associate(flight_id, campaign_id, std::move(wanted), false, until);
  }
  co_await waits->settle(false, package->end);
}

sdk::task<void> booking::complete(sales::buy_plan plan, claimed_campaign claimed, sales::progress const* going,
                                  sales::deadline until) {
  std::vector<std::string> may_have_come;
  seen_creatives seen;
  auto const campaign_id = claimed.id();
  known_flights known;
  if (claimed.adopted) {
    known = co_await find_flights(campaign_id, true, until);
  }
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    auto const& package = plan.packages[i];
    auto const marker = sales::marker_of(going->key(), i);
    auto const made = known.find(marker);
    auto flight_id = made == known.end() ? std::int64_t{0} : made->second;
    if (flight_id == 0) {
      flight_id = co_await make_flight(package, campaign_id, marker, until);
    }
    sales::package_awaits waits(awaited_, going->buyer(), package_id_of(flight_id), media_buy_id_of(campaign_id));
    if (claimed.adopted) {  // who brings a creative that an earlier attempt has waited for makes an ad of it, too
      co_await waits.hold(going->key());
      for (auto const& each : package.assignments) {
        may_have_come.push_back(each.creative_id);
      }
    }
    std::exception_ptr failure;
    try {
      co_await give_creatives(&package, flight_id, campaign_id, &waits, &seen, waits.held_until(until));
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure != nullptr) {
      co_await waits.release();
      std::rethrow_exception(failure);
    }
    sales::add_expected(may_have_come, waits.waiting(), package.creatives);
  }
  co_await sales::carry_out_known(&library_, std::move(may_have_come), going->buyer(), until);
  co_await activate(campaign_id, until);
}

sdk::task<bool> booking::discard(sales::progress const* going, sales::deadline until) {
  auto all = co_await find_campaigns(going->name(), until);
  if (!going->made().empty() && !contains(all, going->made())) {
    // What was made a moment ago is not always found by its name yet.
    try {
      all.push_back(co_await api_.get("/campaign/" + going->made(), subject::media_buy, until));
    } catch (sdk::error const& fault) {
      if (fault.code() != "MEDIA_BUY_NOT_FOUND" && fault.code() != "INVALID_STATE") {
        throw;
      }
    }
  }
  auto gone = true;
  for (auto const& each : all) {
    auto const& campaign = each.get_object();
    if (is_draft(campaign)) {
      co_await remove(campaign, until);
    } else if (!sales::upstream_flag(campaign, "IsDeleted") && !sales::upstream_flag(campaign, "IsArchived")) {
      gone = false;  // it is whole, and then it is a buy
    }
  }
  if (gone && !going->made().empty()) {
    co_await awaited_.forget_buy(going->buyer(), media_buy_id_of(std::stoll(going->made())));
  }
  co_return gone;
}

sdk::task<json::object> booking::attempt(json::object request, sales::progress* going, sales::deadline until) {
  auto plan = sales::read_buy(request, api_.settings().catalogue, going->asked_at(), std::chrono::seconds{0});
  sales::note_buyer(plan, going->buyer());
  sales::start_no_earlier(plan, api_.now());
  if (plan.packages.size() > most_packages) {
    throw sdk::error("VALIDATION_ERROR", "A media buy may have 100 packages at most").field("packages");
  }
  // Everything that can be refused is refused before anything is written.
  for (auto const& package : plan.packages) {
    flight_of(package, api_.settings(), 0, {});
    require_shares(package.assignments, package.creatives);
  }
  auto const claimed = co_await ensure_campaign(plan, going, until);
  if (is_draft(claimed.campaign)) {  // else an earlier attempt finished it
    co_await complete(plan, claimed, going, until);
  }
  auto booked = co_await campaigns_.load(media_buy_id_of(claimed.id()), going->buyer(), until);
  co_await awaited_.mark(going->buyer(), &booked.state);
  sales::tell_lists(api_.context().log(), sales::buy_state(), booked.state);
  co_return sales::created_answer(booked.state, request);
}

sdk::task<json::object> booking::create(json::object request, sdk::call_context call) {
  return sales::make_in_attempts(this, &api_.context(), std::move(request), std::move(call));
}

}  // namespace tenon::kevel
