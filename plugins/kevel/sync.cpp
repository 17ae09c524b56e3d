// sync_creatives and list_creatives: the library as buyers see it.
#include "library.hpp"

#include "../sales/overlay.hpp"
#include "../sales/sync.hpp"

#include <algorithm>

namespace tenon::kevel {

sdk::task<json::object> creative_library::sync_one(json::object source, std::string path, bool dry_run,
                                                   sales::deadline until) {
  json::object result{{"creative_id", sales::required_text(source, "creative_id", path)}};
  try {
    auto item = sales::read_creative(source, path, api_.settings().catalogue);
    auto const done = co_await upload(std::move(item), dry_run, until);
    result["action"] = done.action;
    result["status"] = "approved";
    if (done.id != 0) {
      result["platform_id"] = std::to_string(done.id);
    }
  } catch (sdk::error const& fault) {
    if (sales::concerns_all(fault)) {
      throw;
    }
    result["action"] = "failed";
    result["errors"] = json::array{sales::describe(fault)};
  }
  co_return result;
}

sdk::task<json::array> creative_library::assign(json::object request, json::array results, sales::deadline until) {
  auto const* assignments = sales::array_at(request, "assignments");
  for (std::size_t i = 0; assignments != nullptr && i < assignments->size(); ++i) {
    auto const path = sales::path_of("assignments", i);
    auto const& entry = sales::as_object((*assignments)[i], path);
    auto const creative_id = sales::required_text(entry, "creative_id", path);
    auto const package_id = sales::required_text(entry, "package_id", path);
    auto& result = sales::result_of(results, creative_id);
    try {
      auto const flight_id = flight_of_package(package_id);
      if (flight_id == 0) {
        throw sdk::error("PACKAGE_NOT_FOUND", "There is no such package").field(sales::path_of(path, "package_id"));
      }
      if (sales::find(entry, "weight") != nullptr) {
        throw sdk::error("UNSUPPORTED_FEATURE", "Weights are set for all creatives of a package at once")
            .field(sales::path_of(path, "weight"))
            .suggestion("Use update_media_buy with creative_assignments");
      }
      auto const flight = co_await api_.get("/flight/" + std::to_string(flight_id), subject::package, until);
      auto const campaign_id = sales::upstream_integer(flight, "CampaignId");
      co_await campaigns_.load(media_buy_id_of(campaign_id), until);  // throws unless it is ours
      auto const id = co_await require(creative_id, sales::path_of(path, "creative_id"), until);
      std::vector<association> wanted;
      wanted.push_back(association{id, std::nullopt});
      co_await associate(flight_id, campaign_id, std::move(wanted), false, until);
      sales::note_assigned(result, package_id);
    } catch (sdk::error const& fault) {
      if (sales::concerns_all(fault)) {
        throw;
      }
      sales::note_refused(result, package_id, fault);
    }
  }
  co_return results;
}

sdk::task<json::object> creative_library::sync(json::object request, sales::deadline until) {
  if (sales::flag_at(request, "delete_missing").value_or(false)) {
    throw sdk::error("UNSUPPORTED_FEATURE", "Creatives are not removed by leaving them out").field("delete_missing");
  }
  auto const dry_run = sales::flag_at(request, "dry_run").value_or(false);
  auto const only = sales::texts_at(request, "creative_ids", {});
  auto const* creatives = sales::array_at(request, "creatives");
  json::array results;
  for (std::size_t i = 0; creatives != nullptr && i < creatives->size(); ++i) {
    auto const path = sales::path_of("creatives", i);
    auto const& source = sales::as_object((*creatives)[i], path);
    auto const id = sales::required_text(source, "creative_id", path);
    if (only.empty() || std::find(only.begin(), only.end(), id) != only.end()) {
      auto result = co_await sync_one(source, path, dry_run, until);
      results.push_back(std::move(result));
    }
  }
  if (!dry_run) {
    results = co_await assign(request, std::move(results), until);
  }
  json::object answer{{"creatives", std::move(results)}};
  if (dry_run) {
    answer["dry_run"] = true;
  }
  co_return answer;
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
