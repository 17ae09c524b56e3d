// sync_creatives and list_creatives: the library as buyers see it.
#include "library.hpp"
#include "orders.hpp"

#include "../sales/overlay.hpp"
#include "../sales/sync.hpp"

#include <algorithm>

namespace tenon::gam {

sdk::task<json::object> creative_library::sync_one(json::object source, std::string path, bool dry_run,
                                                   sales::deadline until) {
  json::object result{{"creative_id", sales::required_text(source, "creative_id", path)}};
  try {
    auto item = sales::read_creative(source, path, api_.settings().catalogue);
    auto const done = co_await upload(std::move(item), dry_run, until);
    result["action"] = done.action;
    result["status"] = "approved";
    if (!done.name.empty()) {
      result["platform_id"] = last_segment(done.name);
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
      auto const line_item = line_item_of_package(package_id, api_.settings());
      if (line_item.empty()) {
        throw sdk::error("PACKAGE_NOT_FOUND", "There is no such package").field(sales::path_of(path, "package_id"));
      }
      auto const held = co_await api_.get(line_item, subject::package, until);
      order_book orders(api_);
      co_await orders.load(media_buy_id_of(sales::upstream_text(held, "order")), until);  // throws unless it is ours
      auto name = co_await require(creative_id, sales::path_of(path, "creative_id"), until);
      std::vector<association> wanted;
      wanted.push_back(association{std::move(name), sales::number_at(entry, "weight", path)});
      co_await associate(line_item, std::move(wanted), false, until);
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

sdk::task<json::object> creative_library::list(json::object request, sales::deadline until) {
  auto filter = equals("advertiser", api_.settings().advertiser);
  auto const all = co_await api_.list("creatives", "creatives", std::move(filter), subject::creative, until);
  sales::creative_filter const wanted(request);
  json::array matching;
  for (auto const& each : all) {
    if (each.is_object() && !details_member(each.get_object()).empty()) {
      auto entry = listed_creative(each.get_object(), api_.settings());
      if (wanted.matches(entry)) {
        matching.push_back(std::move(entry));
      }
    }
  }
  co_return sales::creatives_answer(request, std::move(matching));
}

}  // namespace tenon::gam
