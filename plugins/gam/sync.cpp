// The library as sync_creatives and list_creatives see it.
#include "library.hpp"

#include "../sales/overlay.hpp"

namespace tenon::gam {

sdk::task<sales::creative_store::stored> creative_library::put(sales::creative item, bool dry_run,
                                                               sales::deadline until) {
  auto const done = co_await upload(std::move(item), dry_run, until);
  stored answer{{}, done.action};
  if (!done.name.empty()) {
    answer.platform_id = last_segment(done.name);
  }
  co_return answer;
}

sdk::task<void> creative_library::assign(json::object entry, std::string path, std::string buyer,
                                         sales::deadline until) {
  auto const line_item = line_item_of_package(sales::required_text(entry, "package_id", path), api_.settings());
  if (line_item.empty()) {
    throw sales::no_such_package(path);
  }
  auto const held = co_await api_.get(line_item, subject::package, until);
  if (!sales::is_for(sales::parse_object(sales::upstream_text(held, "notes")), buyer)) {
    throw sales::no_such_package(path);
  }
  try {
    co_await orders_.load(media_buy_id_of(sales::upstream_text(held, "order")), std::move(buyer), until);
  } catch (sdk::error const& fault) {
    if (fault.code() != "MEDIA_BUY_NOT_FOUND") {
      throw;
    }
    throw sales::no_such_package(path);
  }
  auto creative_id = sales::required_text(entry, "creative_id", path);
  auto name = co_await require(std::move(creative_id), sales::path_of(path, "creative_id"), until);
  std::vector<association> wanted;
  wanted.push_back(association{std::move(name), sales::number_at(entry, "weight", path)});
  co_await associate(line_item, std::move(wanted), false, until);
}

sdk::task<std::set<std::string>> creative_library::known(std::vector<std::string> creative_ids, sales::deadline until) {
  std::set<std::string> there;
  for (auto const& id : creative_ids) {
    auto const found = co_await find(id, until);
    if (!found.empty()) {
      there.insert(id);
    }
  }
  co_return there;
}

sdk::task<bool> creative_library::attach(sales::awaited_creative const* entry, std::string buyer,
                                         sales::deadline until) {
  booked_order booked;
  try {
    booked = co_await orders_.load(entry->media_buy_id(), std::move(buyer), until);
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
  auto name = co_await require(entry->creative_id(), {}, until);
  std::vector<association> added;
  added.push_back(association{std::move(name), wanted->weight});
  awaited_.require_held(until);
  co_await associate(line_item_of_package(entry->package_id(), api_.settings()), std::move(added), false, until);
  co_return true;
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
