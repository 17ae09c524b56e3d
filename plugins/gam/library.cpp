#include "library.hpp"

#include <algorithm>

namespace tenon::gam {
namespace {

// The creative's associations of a line item, by creative.
json::object const* association_with(json::array const& held, std::string const& creative) {
  for (auto const& each : held) {
    if (each.is_object() && sales::upstream_text(each.get_object(), "creative") == creative) {
      return &each.get_object();
    }
  }
  return nullptr;
}

json::object association_request(std::string const& line_item, association const& wanted) {
  json::object made{{"lineItem", line_item}, {"creative", wanted.creative}};
  if (wanted.weight) {
    made["manualCreativeRotationWeight"] = *wanted.weight;
  }
  return {{"parent", line_item}, {"lineItemCreativeAssociation", std::move(made)}};
}

bool is_wanted(std::vector<association> const& wanted, std::string const& creative) {
  return std::any_of(wanted.begin(), wanted.end(), [&](auto const& each) { return each.creative == creative; });
}

}  // namespace

sdk::task<json::object> creative_library::find(std::string creative_id, sales::deadline until) {
  auto filter = equals("displayName", creative_id) + " AND " + equals("advertiser", api_.settings().advertiser);
  auto const found = co_await api_.list("creatives", "creatives", std::move(filter), subject::creative, until);
  if (found.empty() || !found.front().is_object()) {
    co_return json::object();
  }
  co_return found.front().get_object();
}

sdk::task<std::string> creative_library::require(std::string creative_id, std::string path, sales::deadline until) {
  auto const found = co_await find(creative_id, until);
  if (found.empty()) {
    throw sdk::error("CREATIVE_NOT_FOUND", "There is no creative " + creative_id)
        .field(path)
        .suggestion("Send it with sync_creatives first");
  }
  co_return sales::upstream_text(found, "name");
}

sdk::task<json::object> creative_library::create(json::object wanted, sales::deadline until) {
  auto const id = sales::upstream_text(wanted, "displayName");
  std::exception_ptr unknown;
  try {
    co_return co_await api_.write("POST", "creatives", wanted, subject::creative, until);
  } catch (outcome_unknown const&) {
    unknown = std::current_exception();
  }
  auto const found = co_await find(id, until);
  if (found.empty()) {
    std::rethrow_exception(unknown);
  }
  co_return found;
}

sdk::task<creative_library::uploaded> creative_library::upload(sales::creative item, bool dry_run,
                                                               sales::deadline until) {
  auto wanted = creative_json(item, api_.settings());
  auto const existing = co_await find(item.id, until);
  uploaded result;
  result.name = sales::upstream_text(existing, "name");
  if (existing.empty()) {
    result.action = "created";
    if (!dry_run) {
      auto const made = co_await create(std::move(wanted), until);
      result.name = sales::upstream_text(made, "name");
    }
    co_return result;
  }
  if (same_size(existing, wanted) && same_content(existing, wanted)) {
    result.action = "unchanged";
    co_return result;
  }
  if (!same_size(existing, wanted) || details_member(existing) != details_member(wanted)) {
    throw sdk::error("CREATIVE_REJECTED", "The size and kind of a creative cannot change")
        .field("format_id")
        .suggestion("Send it under another creative_id");
  }
  result.action = "updated";
  if (!dry_run) {
    std::string const member(details_member(wanted));
    json::object change{{"name", result.name}, {member, wanted[member]}};
    json::object update{{"creative", std::move(change)}, {"updateMask", member}};
    json::object body{{"requests", json::array{std::move(update)}}};
    co_await api_.write("POST", "creatives:batchUpdate", std::move(body), subject::creative, until);
  }
  co_return result;
}

sdk::task<void> creative_library::associate(std::string line_item, std::vector<association> wanted, bool only,
                                            sales::deadline until) {
  auto const held =
      co_await api_.list(line_item + "/creatives", "lineItemCreativeAssociations", {}, subject::package, until);
  json::array missing;
  json::array inactive;
  for (auto const& each : wanted) {
    auto const* existing = association_with(held, each.creative);
    if (existing == nullptr) {
      missing.push_back(association_request(line_item, each));
    } else if (sales::upstream_text(*existing, "status") == "INACTIVE") {
      inactive.push_back(json::value(sales::upstream_text(*existing, "name")));
    }
  }
  json::array surplus;
  for (auto const& each : held) {
    if (only && each.is_object() && !is_wanted(wanted, sales::upstream_text(each.get_object(), "creative")) &&
        sales::upstream_text(each.get_object(), "status") != "INACTIVE") {
      surplus.push_back(json::value(sales::upstream_text(each.get_object(), "name")));
    }
  }
  if (!missing.empty()) {
    json::object body{{"requests", std::move(missing)}};
    co_await api_.write("POST", line_item + "/creatives:batchCreate", std::move(body), subject::creative, until);
  }
  if (!inactive.empty()) {
    json::object body{{"names", std::move(inactive)}};
    co_await api_.write("POST", line_item + "/creatives:batchActivate", std::move(body), subject::creative, until);
  }
  if (!surplus.empty()) {
    json::object body{{"names", std::move(surplus)}};
    co_await api_.write("POST", line_item + "/creatives:batchDeactivate", std::move(body), subject::creative, until);
  }
}

sdk::task<std::vector<association>> creative_library::gather(std::vector<sales::assignment> assignments,
                                                             std::vector<sales::creative> inlined,
                                                             std::vector<std::string>* absent, seen_creatives* seen,
                                                             sales::deadline until) {
  std::vector<association> all;
  for (auto& item : inlined) {
    auto const id = item.id;
    auto const made = co_await upload(std::move(item), false, until);
    (*seen)[id] = made.name;
    all.push_back(association{made.name, std::nullopt});
  }
  for (auto const& each : assignments) {
    auto known = seen->find(each.creative_id);
    if (known == seen->end()) {
      auto const found = co_await find(each.creative_id, until);
      known = seen->emplace(each.creative_id, sales::upstream_text(found, "name")).first;
    }
    auto const& name = known->second;
    if (!name.empty()) {
      std::erase_if(all, [&](association const& other) { return other.creative == name; });
      all.push_back(association{name, each.weight});
    } else if (std::find(absent->begin(), absent->end(), each.creative_id) == absent->end()) {
      absent->push_back(each.creative_id);
    }
  }
  co_return all;
}

}  // namespace tenon::gam
