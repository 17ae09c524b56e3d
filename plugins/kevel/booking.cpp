#include "booking.hpp"

#include "flight.hpp"

#include "../sales/marker.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::kevel {
namespace {

constexpr std::size_t most_packages = 100;  // below the 125 flights of the smallest account
constexpr std::size_t longest_campaign_name = 200;

}  // namespace

json::object for_put(json::object campaign, json::object const& record) {
  campaign["CustomFieldsJson"] = json::serialize(record);
  return for_put(std::move(campaign));  // campaigns answer the same zeros for frequency as flights do
}

sdk::task<json::object> booking::find_campaign(std::string name, sales::deadline until) {
  auto const found = co_await api_.search("/campaign/search", "campaignName", name, until);
  for (auto const& each : found) {
    if (!each.is_object()) {
      continue;
    }
    auto const& campaign = each.get_object();
    if (sales::upstream_text(campaign, "Name") == name && !sales::upstream_flag(campaign, "IsDeleted") &&
        sales::upstream_integer(campaign, "AdvertiserId") == api_.settings().advertiser_id) {
      co_return campaign;
    }
  }
  co_return json::object();
}

sdk::task<booking::claimed_campaign> booking::ensure_campaign(sales::buy_plan plan, sales::progress* going,
                                                              sales::deadline until) {
  auto const name =
      short_name(plan.brand.empty() ? "AdCP" : "AdCP " + plan.brand, "[" + going->key() + "]", longest_campaign_name);
  claimed_campaign claimed;
  claimed.campaign = co_await find_campaign(name, until);
  if (!claimed.campaign.empty()) {
    going->claim(name, std::to_string(claimed.id()));
    claimed.adopted = true;
    co_return claimed;
  }
  auto record = sales::buy_record(going->key(), api_.now());
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
  claimed.campaign = co_await find_campaign(name, until);
  claimed.adopted = true;
  if (claimed.campaign.empty()) {
    std::rethrow_exception(unclear);
  }
  going->claim(name, std::to_string(claimed.id()));
  co_return claimed;
}

sdk::task<json::object> booking::find_flight(std::int64_t campaign_id, std::string marker, sales::deadline until) {
  auto path = "/campaign/" + std::to_string(campaign_id) + "/flight";
  auto const flights = co_await api_.list(std::move(path), subject::media_buy, until);
  for (auto const& each : flights) {
    if (each.is_object() && sales::upstream_text(record_of(each.get_object()), "marker") == marker &&
        !sales::upstream_flag(each.get_object(), "IsDeleted")) {
      co_return each.get_object();
    }
  }
  co_return json::object();
}

sdk::task<std::int64_t> booking::ensure_flight(sales::package_plan plan, std::int64_t campaign_id, std::string marker,
                                               bool look_first, sales::deadline until) {
  if (look_first) {
    auto const known = co_await find_flight(campaign_id, marker, until);
    if (!known.empty()) {
      co_return sales::upstream_integer(known, "Id");
    }
  }
  auto flight = flight_of(plan, api_.settings(), campaign_id, marker);
  std::exception_ptr unclear;
  try {
    auto const made = co_await api_.write("POST", "/flight", std::move(flight), subject::other, until);
    co_return sales::upstream_integer(made, "Id");
  } catch (outcome_unknown const&) {
    unclear = std::current_exception();
  }
  auto const adopted = co_await find_flight(campaign_id, marker, until);
  if (adopted.empty()) {
    std::rethrow_exception(unclear);
  }
  co_return sales::upstream_integer(adopted, "Id");
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

sdk::task<void> booking::complete(sales::buy_plan plan, claimed_campaign claimed, std::string key,
                                  sales::deadline until) {
  auto const campaign_id = claimed.id();
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    auto const& package = plan.packages[i];
    auto const flight_id =
        co_await ensure_flight(package, campaign_id, sales::marker_of(key, i), claimed.adopted, until);
    auto wanted = co_await library_.gather(package.assignments, package.creatives, package.path, until);
    if (!wanted.empty()) {
      co_await library_.associate(flight_id, campaign_id, std::move(wanted), false, until);
    }
  }
  co_await activate(campaign_id, until);
}

sdk::task<void> booking::discard(sales::progress const* going, sales::deadline until) {
  json::object campaign;
  if (going->made().empty()) {
    campaign = co_await find_campaign(going->name(), until);
  } else {
    try {
      campaign = co_await api_.get("/campaign/" + going->made(), subject::media_buy, until);
    } catch (sdk::error const& fault) {
      if (fault.code() != "MEDIA_BUY_NOT_FOUND" && fault.code() != "INVALID_STATE") {
        throw;
      }
      co_return;  // deleted by an earlier attempt
    }
  }
  if (!sales::upstream_flag(record_of(campaign), "draft")) {
    co_return;  // it is gone; or it is whole, and then it is a buy
  }
  auto const path = "/campaign/" + std::to_string(sales::upstream_integer(campaign, "Id"));
  campaign["IsActive"] = false;
  campaign["IsDeleted"] = true;
  auto body = for_put(std::move(campaign));
  co_await api_.write("PUT", path, std::move(body), subject::media_buy, until);
}

sdk::task<json::object> booking::attempt(json::object request, sales::progress* going, sales::deadline until) {
  auto plan = sales::read_buy(request, api_.settings().catalogue, going->asked_at(), std::chrono::seconds{0});
  sales::start_no_earlier(plan, api_.now());
  if (plan.packages.size() > most_packages) {
    throw sdk::error("VALIDATION_ERROR", "A media buy may have 100 packages at most").field("packages");
  }
  // Everything that can be refused is refused before anything is written.
  for (auto const& package : plan.packages) {
    flight_of(package, api_.settings(), 0, {});
    for (auto const& each : package.assignments) {
      co_await library_.require(each.creative_id, sales::path_of(package.path, "creative_assignments"), until);
    }
  }
  auto const claimed = co_await ensure_campaign(plan, going, until);
  if (sales::upstream_flag(record_of(claimed.campaign), "draft")) {  // else an earlier attempt finished it
    co_await complete(plan, claimed, going->key(), until);
  }
  auto const booked = co_await campaigns_.load(media_buy_id_of(claimed.id()), until);
  co_return sales::created_answer(booked.state, request);
}

sdk::task<json::object> booking::create(json::object request, sdk::call_context call) {
  return sales::make_in_attempts(this, &api_.context(), std::move(request), std::move(call));
}

}  // namespace tenon::kevel
