#include "library.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace tenon::kevel {
namespace {

constexpr std::array<std::string_view, 7> compared{"AdTypeId", "Url",        "Alt",     "ImageLink",
                                                   "IsHTMLJS", "ScriptBody", "IsActive"};

bool same_content(json::object const& existing, json::object const& wanted) {
  return std::all_of(compared.begin(), compared.end(), [&](auto member) {
    auto const* asked = sales::find(wanted, member);
    auto const* held = sales::find(existing, member);
    return asked == nullptr || (held != nullptr && *held == *asked);
  });
}

std::int64_t creative_of(json::object const& ad) {
  return sales::upstream_integer(sales::upstream_object(ad, "Creative"), "Id");
}

json::object ad_json(std::int64_t flight_id, std::int64_t campaign_id, std::int64_t creative_id, int percentage) {
  json::object ad{{"FlightId", flight_id},
                  {"CampaignId", campaign_id},
                  {"Creative", json::object{{"Id", creative_id}}},
                  {"IsActive", true},
                  {"IsDeleted", false}};
  if (percentage > 0) {
    ad["DistributionType"] = 2;
    ad["Percentage"] = percentage;
  }
  return ad;
}

// A whole ad as PUT wants it back, its creative by number.
json::object for_put(json::object ad, bool active, int percentage) {
  json::object creative{{"Id", creative_of(ad)}};
  ad["Creative"] = std::move(creative);
  ad["IsActive"] = active;
  ad["DistributionType"] = percentage > 0 ? 2 : 1;
  if (percentage > 0) {
    ad["Percentage"] = percentage;
  } else {
    ad.erase("Percentage");
  }
  return ad;
}

}  // namespace

std::vector<int> percentages_of(std::vector<association> const& wanted) {
  auto const weighted =
      std::count_if(wanted.begin(), wanted.end(), [](auto const& each) { return each.weight.has_value(); });
  if (weighted == 0) {
    return {};
  }
  if (!std::all_of(wanted.begin(), wanted.end(), [](auto const& each) { return each.weight.value_or(0) > 0; })) {
    throw sdk::error("UNSUPPORTED_FEATURE", "Either all creatives of a package have a weight above 0, or none has")
        .field("creative_assignments");
  }
  auto const total = std::accumulate(wanted.begin(), wanted.end(), 0.0,
                                     [](double sum, auto const& each) { return sum + *each.weight; });
  std::vector<int> shares;
  double reached = 0;
  int given = 0;
  for (auto const& each : wanted) {
    reached += *each.weight;
    shares.push_back(static_cast<int>(std::lround(reached * 100 / total)) - given);
    given += shares.back();
  }
  return shares;
}

void require_shares(std::vector<sales::assignment> const& assignments, std::vector<sales::creative> const& inlined) {
  std::map<std::string, std::optional<double>> weights;
  for (auto const& each : inlined) {
    weights[each.id] = std::nullopt;
  }
  for (auto const& each : assignments) {
    weights[each.creative_id] = each.weight;
  }
  std::vector<association> shared;
  for (auto const& [id, weight] : weights) {
    shared.push_back(association{0, weight});
  }
  percentages_of(shared);
}

sdk::task<json::array> creative_library::all(sales::deadline until) {
  auto path = "/advertiser/" + std::to_string(api_.settings().advertiser_id) + "/creatives";
  return api_.list(std::move(path), subject::advertiser, until);
}

sdk::task<json::object> creative_library::find(std::string creative_id, sales::deadline until) {
  auto const listed = co_await all(until);
  for (auto const& each : listed) {
    if (each.is_object() && sales::upstream_text(each.get_object(), "Title") == creative_id &&
        !sales::upstream_flag(each.get_object(), "IsDeleted")) {
      co_return each.get_object();
    }
  }
  co_return json::object();
}

sdk::task<void> creative_library::look(seen_creatives* seen, sales::deadline until) {
  if (seen->listed) {
    co_return;
  }
  auto const listed = co_await all(until);
  for (auto const& each : listed) {
    if (each.is_object() && !sales::upstream_flag(each.get_object(), "IsDeleted")) {
      auto const& creative = each.get_object();
      seen->ids.emplace(sales::upstream_text(creative, "Title"), sales::upstream_integer(creative, "Id"));
    }
  }
  seen->listed = true;
}

sdk::task<std::int64_t> creative_library::require(std::string creative_id, std::string path, sales::deadline until) {
  auto const found = co_await find(creative_id, until);
  if (found.empty()) {
    throw sdk::error("CREATIVE_NOT_FOUND", "There is no creative " + creative_id)
        .field(path)
        .suggestion("Send it with sync_creatives first");
  }
  co_return sales::upstream_integer(found, "Id");
}

sdk::task<void> creative_library::learn_ad_types(sales::deadline until) {
  if (!ad_types_.empty()) {
    co_return;
  }
  auto const listed = co_await api_.list("/adtypes", subject::other, until);
  for (auto const& each : listed) {
    if (each.is_object()) {
      auto const& type = each.get_object();
      std::pair const size{sales::upstream_integer(type, "Width"), sales::upstream_integer(type, "Height")};
      ad_types_.emplace(size, sales::upstream_integer(type, "Id"));
    }
  }
}

sdk::task<std::int64_t> creative_library::ad_type(int width, int height, sales::deadline until) {
  co_await learn_ad_types(until);
  auto const found = ad_types_.find({width, height});
  if (found == ad_types_.end()) {
    throw sdk::error("CREATIVE_REJECTED",
                     "The seller has no placements of " + std::to_string(width) + "x" + std::to_string(height))
        .field("format_id");
  }
  co_return found->second;
}

sdk::task<json::object> creative_library::creative_json(sales::creative item, sales::deadline until) {
  if (item.kind == sales::creative_kind::vast) {
    throw sdk::error("UNSUPPORTED_FEATURE", "VAST creatives cannot be trafficked here").field("assets");
  }
  if (!item.impression_trackers.empty()) {
    throw sdk::error("UNSUPPORTED_FEATURE", "Trackers cannot be attached to a creative here").field("assets");
  }
  auto const type = co_await ad_type(item.width, item.height, until);
  json::object out{
      {"AdvertiserId", api_.settings().advertiser_id}, {"AdTypeId", type}, {"Title", item.id}, {"IsActive", true}};
  if (!item.click_url.empty()) {
    out["Url"] = item.click_url;
  }
  if (item.kind == sales::creative_kind::markup) {
    out["IsHTMLJS"] = true;
    out["ScriptBody"] = item.markup;
  } else {
    out["ImageLink"] = item.url;
    out["Alt"] = item.alt_text;
  }
  co_return out;
}

sdk::task<creative_library::uploaded> creative_library::upload(sales::creative item, bool dry_run,
                                                               sales::deadline until) {
  auto const title = item.id;
  auto wanted = co_await creative_json(std::move(item), until);
  auto existing = co_await find(title, until);
  uploaded result;
  result.id = sales::upstream_integer(existing, "Id");
  if (!existing.empty() && same_content(existing, wanted)) {
    result.action = "unchanged";
    co_return result;
  }
  result.action = existing.empty() ? "created" : "updated";
  if (dry_run) {
    co_return result;
  }
  if (!existing.empty()) {
    for (auto& [key, value] : wanted) {
      existing[key] = std::move(value);
    }
    auto const path = "/creative/" + std::to_string(result.id);
    co_await api_.write("PUT", path, std::move(existing), subject::creative, until);
    co_return result;
  }
  std::exception_ptr unclear;
  try {
    auto const made = co_await api_.write("POST", "/creative", std::move(wanted), subject::creative, until);
    result.id = sales::upstream_integer(made, "Id");
    co_return result;
  } catch (outcome_unknown const&) {
    unclear = std::current_exception();
  }
  auto const adopted = co_await find(title, until);
  if (adopted.empty()) {
    std::rethrow_exception(unclear);
  }
  result.id = sales::upstream_integer(adopted, "Id");
  co_return result;
}

sdk::task<void> creative_library::associate(std::int64_t flight_id, std::int64_t campaign_id,
                                            std::vector<association> wanted, bool only, sales::deadline until) {
  auto const base = "/flight/" + std::to_string(flight_id) + "/creative";
  auto const held = co_await api_.list(base + "s", subject::package, until);
  auto const shares = percentages_of(wanted);
  std::vector<std::int64_t> served;
  for (auto const& each : held) {
    if (!each.is_object() || sales::upstream_flag(each.get_object(), "IsDeleted")) {
      continue;
    }
    auto const& ad = each.get_object();
    auto const creative = creative_of(ad);
    auto const match =
        std::find_if(wanted.begin(), wanted.end(), [&](auto const& one) { return one.creative_id == creative; });
    auto const asked = match != wanted.end() && std::find(served.begin(), served.end(), creative) == served.end();
    auto const active = sales::upstream_flag(ad, "IsActive");
    if (asked) {
      served.push_back(creative);
    }
    if (asked ? (!active || !shares.empty()) : (only && active)) {
      auto const share = asked && !shares.empty() ? shares[static_cast<std::size_t>(match - wanted.begin())] : 0;
      auto body = for_put(ad, asked, share);
      auto const path = base + "/" + std::to_string(sales::upstream_integer(ad, "Id"));
      co_await api_.write("PUT", path, std::move(body), subject::package, until);
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::find(served.begin(), served.end(), wanted[i].creative_id) == served.end()) {
      served.push_back(wanted[i].creative_id);
      auto body = ad_json(flight_id, campaign_id, wanted[i].creative_id, shares.empty() ? 0 : shares[i]);
      co_await api_.write("POST", base, std::move(body), subject::package, until);
    }
  }
}

sdk::task<std::vector<association>> creative_library::gather(std::vector<sales::assignment> assignments,
                                                             std::vector<sales::creative> inlined,
                                                             std::vector<std::string>* absent, seen_creatives* seen,
                                                             sales::deadline until) {
  std::vector<association> all_of_them;
  for (auto& item : inlined) {
    auto const title = item.id;
    auto const made = co_await upload(std::move(item), false, until);
    seen->ids[title] = made.id;
    all_of_them.push_back(association{made.id, std::nullopt});
  }
  if (!assignments.empty()) {
    co_await look(seen, until);
  }
  for (auto const& each : assignments) {
    auto const known = seen->ids.find(each.creative_id);
    if (known != seen->ids.end()) {
      auto const id = known->second;
      std::erase_if(all_of_them, [&](association const& other) { return other.creative_id == id; });
      all_of_them.push_back(association{id, each.weight});
    } else if (std::find(absent->begin(), absent->end(), each.creative_id) == absent->end()) {
      absent->push_back(each.creative_id);
    }
  }
  co_return all_of_them;
}

}  // namespace tenon::kevel
