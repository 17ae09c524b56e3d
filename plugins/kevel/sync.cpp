// The library as sync_creatives and list_creatives see it.
#include "library.hpp"

#include "../sales/overlay.hpp"

#include <algorithm>

namespace tenon::kevel {

sdk::task<sales::creative_store::stored> creative_library::put(sales::creative item, bool dry_run,
                                                               sales::deadline until) {
  auto const done = co_await upload(std::move(item), dry_run, until);
  stored answer{{}, done.action};
  if (done.id != 0) {
    answer.platform_id = std::to_string(done.id);
  }
  co_return answer;
}

sdk::task<void> creative_library::assign(json::object entry, std::string path, std::string buyer,
                                         sales::deadline until) {
  auto const flight_id = flight_of_package(sales::required_text(entry, "package_id", path));
  if (flight_id == 0) {
    throw sales::no_such_package(path);
  }
  if (sales::find(entry, "weight") != nullptr) {
    throw sdk::error("UNSUPPORTED_FEATURE", "Weights are set for all creatives of a package at once")
        .field(sales::path_of(path, "weight"))
        .suggestion("Use update_media_buy with creative_assignments");
  }
  auto const flight = co_await api_.get("/flight/" + std::to_string(flight_id), subject::package, until);
  auto const campaign_id = sales::upstream_integer(flight, "CampaignId");
  if (!sales::is_for(record_of(flight), buyer)) {
    throw sales::no_such_package(path);
  }
  try {
    co_await campaigns_.load(media_buy_id_of(campaign_id), std::move(buyer), until);
  } catch (sdk::error const& fault) {
    if (fault.code() != "MEDIA_BUY_NOT_FOUND") {
      throw;
    }
    throw sales::no_such_package(path);
  }
  auto creative_id = sales::required_text(entry, "creative_id", path);
  auto const id = co_await require(std::move(creative_id), sales::path_of(path, "creative_id"), until);
  std::vector<association> wanted;
  wanted.push_back(association{id, std::nullopt});
  awaited_.require_held(until);
  co_await associate(flight_id, campaign_id, std::move(wanted), false, until);
}

sdk::task<std::set<std::string>> creative_library::known(std::vector<std::string> creative_ids, sales::deadline until) {
  seen_creatives seen;
  co_await look(&seen, until);
  std::set<std::string> there;
  for (auto& id : creative_ids) {
    if (seen.ids.contains(id)) {
      there.insert(std::move(id));
    }
  }
  co_return there;
}

sdk::task<bool> creative_library::attach(sales::awaited_creative const* entry, std::string buyer,
                                         sales::deadline until) {
  booked_campaign booked;
  try {
    booked = co_await campaigns_.load(entry->media_buy_id(), std::move(buyer), until);
  } catch (sdk::error const& fault) {
    if (fault.code() != "MEDIA_BUY_NOT_FOUND") {
      throw;
    }
    co_return false;
  }
  auto const wanted = sales::open_assignment(booked.state, entry->package_id(), entry->creative_id(), api_.now());
  if (!wanted) {
    co_return false;
  }
  std::vector<sales::assignment> assignments;
  assignments.push_back(*wanted);
  if (wanted->weight) {  // a share is of all that are there
    auto const index = booked.state.live_package(entry->package_id(), {});
    assignments = sales::read_assignments(booked.state.packages[index].record, {});
  }
  std::vector<std::string> absent;
  std::vector<sales::creative> none;
  seen_creatives seen;
  auto shared = co_await gather(std::move(assignments), std::move(none), &absent, &seen, until);
  if (std::find(absent.begin(), absent.end(), entry->creative_id()) != absent.end()) {
    throw sdk::error("CREATIVE_NOT_FOUND", "The creative " + entry->creative_id() + " is not listed yet");
  }
  auto const flight_id = flight_of_package(entry->package_id());
  awaited_.require_held(until);
  co_await associate(flight_id, booked.id(), std::move(shared), false, until);
  co_return true;
}

json::object creative_library::listed(json::object const& creative) const {
  auto const title = sales::upstream_text(creative, "Title");
  auto const created = sales::parse_instant(sales::upstream_text(creative, "Created")).value_or(sales::instant{});
  auto const changed = sales::parse_instant(sales::upstream_text(creative, "LastModified")).value_or(created);
  auto const type = sales::upstream_integer(creative, "AdTypeId");
  auto const size =
      std::find_if(ad_types_.begin(), ad_types_.end(), [&](auto const& each) { return each.second == type; });
  auto const width = size == ad_types_.end() ? 0 : size->first.first;
  auto const height = size == ad_types_.end() ? 0 : size->first.second;
  auto const formats = api_.settings().catalogue.formats();
  auto const known = std::find_if(formats.begin(), formats.end(),
                                  [&](auto const& each) { return each.width == width && each.height == height; });
  json::object format_id{{"agent_url", formats.empty() ? std::string("https://kevel.com") : formats.front().agent_url},
                         {"id", "display_" + std::to_string(width) + "x" + std::to_string(height)}};
  if (known != formats.end()) {
    format_id = sales::format_id_of(*known);
  }
  return {{"creative_id", title},
          {"name", title},
          {"format_id", std::move(format_id)},
          {"status", sales::upstream_flag(creative, "IsActive") ? "approved" : "archived"},
          {"created_date", sales::format_instant(created)},
          {"updated_date", sales::format_instant(changed)}};
}

sdk::task<json::object> creative_library::list(json::object request, sales::deadline until) {
  sales::creative_filter const wanted(request);
  auto const creatives = co_await all(until);
  co_await learn_ad_types(until);
  json::array matching;
  for (auto const& each : creatives) {
    if (each.is_object() && !sales::upstream_flag(each.get_object(), "IsDeleted")) {
      auto entry = listed(each.get_object());
      if (wanted.matches(entry)) {
        matching.push_back(std::move(entry));
      }
    }
  }
  co_return sales::creatives_answer(request, std::move(matching));
}

}  // namespace tenon::kevel
