#include "state.hpp"

#include "overlay.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace tenon::sales {
namespace {

using sdk::error;

// What a buyer said of a package and gets back in answers, beyond what the ad server itself tells.
constexpr std::array<std::string_view, 9> kept_members{
    "product_id",        "pricing_option_id",    "budget",           "bid_price", "impressions", "pacing",
    "targeting_overlay", "creative_assignments", "measurement_terms"};

// Where people who look at the ad server read what they have to do.
constexpr std::string_view by_hand_member = "apply_by_hand";

// Puts it first, or takes it away.
void note_lists(json::object& record) {
  auto const overlay = upstream_object(record, "targeting_overlay");
  json::array lines;
  for (auto const& member : lists_in(overlay)) {
    auto const list = upstream_object(overlay, member);
    lines.push_back(
        json::value(member + ": " + upstream_text(list, "list_id") + " of " + upstream_text(list, "agent_url")));
  }
  record.erase(by_hand_member);
  if (lines.empty()) {
    return;
  }
  json::object noted{{by_hand_member, std::move(lines)}};
  for (auto& [key, value] : record) {
    noted.emplace(key, std::move(value));
  }
  record = std::move(noted);
}

bool is_over(std::string_view status) { return status == "canceled" || status == "completed" || status == "rejected"; }

json::array valid_actions(buy_state const& state) {
  if (is_over(state.status)) {
    return {};
  }
  auto const stands = [](package_state const& each) { return each.paused || each.canceled; };
  auto const paused = state.status == "paused" ||
                      (!state.packages.empty() && std::all_of(state.packages.begin(), state.packages.end(), stands));
  json::array actions{"cancel", "update_budget", "update_dates", "update_packages", "sync_creatives"};
  actions.push_back(paused ? "resume" : "pause");
  return actions;
}

// What AdCP has no member for, in words of ours.
json::object package_extension(package_state const& package) {
  json::object said;
  if (!package.awaited.empty()) {
    said["awaited_creatives"] = json::array(package.awaited.begin(), package.awaited.end());
  }
  if (find(package.record, by_hand_member) != nullptr) {
    json::array members;
    for (auto const& member : lists_in(upstream_object(package.record, "targeting_overlay"))) {
      members.push_back(json::value(member));
    }
    said["targeting_applied_by_hand"] = std::move(members);
  }
  return said;
}

json::object package_answer(package_state const& package) {
  json::object out{{"package_id", package.package_id}};
  for (auto const& member : kept_members) {
    if (auto const* value = find(package.record, member)) {
      out[member] = *value;
    }
  }
  out["start_time"] = format_instant(package.start);
  out["end_time"] = format_instant(package.end);
  out["paused"] = package.paused;
  if (package.canceled) {
    out["canceled"] = true;
    if (auto const* how = find(package.record, "canceled")) {
      out["cancellation"] = *how;
    }
  }
  if (auto said = package_extension(package); !said.empty()) {
    out["ext"] = json::object{{"tenon", std::move(said)}};
  }
  return out;
}

void describe_buy(json::object& out, buy_state const& state) {
  out["media_buy_id"] = state.media_buy_id;
  out["status"] = state.status;
  out["revision"] = state.revision();
  out["valid_actions"] = valid_actions(state);
}

}  // namespace

json::object package_record(package_plan const& plan, std::string const& marker) {
  json::object record{{"tenon", 1}, {"marker", marker}};
  if (!plan.buyer.empty()) {
    record["buyer"] = plan.buyer;
  }
  for (auto const& member : kept_members) {
    if (auto const* value = find(plan.source, member)) {
      record[member] = *value;
    }
  }
  note_lists(record);
  return record;
}

json::object buy_record(std::string const& key, instant now, std::string const& buyer) {
  json::object record{{"tenon", 1}, {"key", key}, {"revision", 1}, {"confirmed_at", format_instant(now)}};
  if (!buyer.empty()) {
    record["buyer"] = buyer;
  }
  return record;
}

bool is_for(json::object const& record, std::string const& buyer) {
  return find(record, "buyer") == nullptr || (!buyer.empty() && upstream_text(record, "buyer") == buyer);
}

error no_such_buy() { return error("MEDIA_BUY_NOT_FOUND", "There is no such media buy").field("media_buy_id"); }

error no_such_package(std::string const& path) {
  error fault("PACKAGE_NOT_FOUND", "There is no such package");
  if (!path.empty()) {
    fault.field(path_of(path, "package_id"));
  }
  return fault;
}

std::int64_t buy_state::revision() const { return std::max<std::int64_t>(1, upstream_integer(record, "revision")); }

instant buy_state::start() const {
  auto const first =
      std::min_element(packages.begin(), packages.end(), [](auto& a, auto& b) { return a.start < b.start; });
  return first == packages.end() ? instant{} : first->start;
}

instant buy_state::end() const {
  auto const last = std::max_element(packages.begin(), packages.end(), [](auto& a, auto& b) { return a.end < b.end; });
  return last == packages.end() ? instant{} : last->end;
}

json::object created_answer(buy_state const& state, json::object const& request) {
  json::object out;
  describe_buy(out, state);
  if (auto const* sent = find(request, "idempotency_key")) {
    out["idempotency_key"] = *sent;
  }
  out["confirmed_at"] = upstream_text(state.record, "confirmed_at");
  json::array packages;
  for (auto const& package : state.packages) {
    packages.push_back(package_answer(package));
  }
  out["packages"] = std::move(packages);
  return out;
}

json::object updated_answer(buy_state const& state, std::vector<std::string> const& affected) {
  json::object out;
  describe_buy(out, state);
  json::array packages;
  for (auto const& package : state.packages) {
    if (std::find(affected.begin(), affected.end(), package.package_id) != affected.end()) {
      packages.push_back(package_answer(package));
    }
  }
  out["affected_packages"] = std::move(packages);
  return out;
}

json::object listed_entry(buy_state const& state) {
  json::object out;
  describe_buy(out, state);
  double total = 0;
  json::array packages;
  for (auto const& package : state.packages) {
    auto entry = package_answer(package);
    entry["currency"] = state.currency;
    total += upstream_number(package.record, "budget");
    packages.push_back(std::move(entry));
  }
  out["currency"] = state.currency;
  out["total_budget"] = total;
  out["start_time"] = format_instant(state.start());
  out["end_time"] = format_instant(state.end());
  if (auto const* confirmed = find(state.record, "confirmed_at")) {
    out["confirmed_at"] = *confirmed;
  }
  if (auto const* canceled = find(state.record, "canceled")) {
    out["cancellation"] = *canceled;
  }
  out["packages"] = std::move(packages);
  return out;
}

void tell_lists(sdk::logger const& log, buy_state const& before, buy_state const& now) {
  for (auto const& package : now.packages) {
    auto const same = [&](package_state const& each) { return each.package_id == package.package_id; };
    auto const known = std::find_if(before.packages.begin(), before.packages.end(), same);
    auto const had = known == before.packages.end() ? json::array() : upstream_array(known->record, by_hand_member);
    auto const has = upstream_array(package.record, by_hand_member);
    if (has != had) {
      log.info("Package " + package.package_id + " of media buy " + now.media_buy_id +
               ": what is to be applied by hand is now " + (has.empty() ? "nothing" : json::serialize(has)));
    }
  }
}

std::vector<std::string> wanted_statuses(json::object const& request) {
  auto const* filter = find(request, "status_filter");
  if (filter == nullptr) {
    return {};
  }
  if (filter->is_string()) {
    return {std::string(filter->get_string())};
  }
  return texts_at(request, "status_filter", {});
}

void amend_record(json::object& record, json::object const& update) {
  for (auto const& member : kept_members) {
    if (auto const* value = find(update, member)) {
      record[member] = *value;
    }
  }
  note_lists(record);
}

std::optional<assignment> assignment_in(json::object const& record, std::string_view creative_id) {
  for (auto const& each : upstream_array(record, "creative_assignments")) {
    if (each.is_object() && upstream_text(each.get_object(), "creative_id") == creative_id) {
      return assignment{std::string(creative_id), number_at(each.get_object(), "weight")};
    }
  }
  return std::nullopt;
}

std::optional<assignment> open_assignment(buy_state const& state, std::string_view package_id,
                                          std::string_view creative_id, instant now) {
  if (is_over(state.status)) {
    return std::nullopt;
  }
  auto const at = std::find_if(state.packages.begin(), state.packages.end(),
                               [&](auto const& each) { return each.package_id == package_id; });
  if (at == state.packages.end()) {
    throw error("PACKAGE_NOT_FOUND", "The media buy does not list the package: send the creative again later");
  }
  if (at->canceled || at->end <= now) {
    return std::nullopt;
  }
  return assignment_in(at->record, creative_id);
}

json::object cancellation(json::object const& request, instant now) {
  json::object out{{"canceled_at", format_instant(now)}, {"canceled_by", "buyer"}};
  if (auto const reason = text_at(request, "cancellation_reason")) {
    out["reason"] = *reason;
  }
  return out;
}

std::size_t buy_state::live_package(std::string const& package_id, std::string const& path) const {
  auto const at =
      std::find_if(packages.begin(), packages.end(), [&](auto const& each) { return each.package_id == package_id; });
  if (at == packages.end()) {
    throw error("PACKAGE_NOT_FOUND", "The media buy has no package " + package_id).field(path_of(path, "package_id"));
  }
  if (at->canceled) {
    throw error("INVALID_STATE", "The package is canceled").field(path);
  }
  return static_cast<std::size_t>(at - packages.begin());
}

json::object updated_record(buy_state const& state, std::string const& key) {
  auto record = state.record;
  record["revision"] = state.revision() + 1;
  record["updated_by"] = key;
  return record;
}

bool is_updated_by(buy_state const& state, std::string const& key) {
  return upstream_text(state.record, "updated_by") == key;
}

bool is_done(json::object const& request, buy_state const& state, std::string const& key, bool resumed) {
  if (!flag_at(request, "canceled").value_or(false)) {
    return is_updated_by(state, key);
  }
  return state.status == "canceled" && (resumed || is_updated_by(state, key));
}

std::vector<std::string> affected_packages(json::object const& request, buy_state const& state) {
  std::vector<std::string> ids;
  auto const whole = find(request, "start_time") != nullptr || find(request, "end_time") != nullptr ||
                     find(request, "paused") != nullptr;
  for (std::size_t i = 0; whole && i < state.packages.size(); ++i) {
    if (!state.packages[i].canceled) {
      ids.push_back(state.packages[i].package_id);
    }
  }
  auto const* packages = array_at(request, "packages");
  for (std::size_t i = 0; packages != nullptr && i < packages->size(); ++i) {
    ids.push_back(text_at(as_object((*packages)[i], path_of("packages", i)), "package_id").value_or(""));
  }
  return ids;
}

void require_unchanged_since(buy_state const& state, std::int64_t revision, std::string const& key) {
  if (state.revision() == revision || is_updated_by(state, key)) {
    return;
  }
  throw error("CONFLICT", "The media buy was changed by another request before all of this one could be done")
      .field("media_buy_id")
      .suggestion("Read the media buy, and ask for what is still to be changed")
      .details({{"current_revision", state.revision()}})
      .recovery(sdk::recovery::correctable);
}

json::object what_is_left(json::object request, buy_state const& state) {
  request.erase("revision");
  auto const* packages = array_at(request, "packages");
  if (packages == nullptr) {
    return request;
  }
  json::array left;
  for (auto const& each : *packages) {
    auto const& update = as_object(each, "packages");
    auto const id = text_at(update, "package_id").value_or("");
    auto const at = std::find_if(state.packages.begin(), state.packages.end(),
                                 [&](auto const& package) { return package.package_id == id; });
    auto const done = at != state.packages.end() && at->canceled && flag_at(update, "canceled").value_or(false);
    if (!done) {
      left.push_back(each);
    }
  }
  request["packages"] = std::move(left);
  return request;
}

void require_updatable(buy_state const& state, json::object const& request) {
  auto const canceling = flag_at(request, "canceled").value_or(false);
  if (is_over(state.status)) {
    throw error(canceling ? "NOT_CANCELLABLE" : "INVALID_STATE", "The media buy is " + state.status)
        .field("media_buy_id");
  }
  if (flag_at(request, "canceled") && !canceling) {
    throw error("VALIDATION_ERROR", "canceled can only be true: a cancellation is final").field("canceled");
  }
  auto const revision = integer_at(request, "revision");
  if (revision && *revision != state.revision()) {
    throw error("CONFLICT", "The media buy has changed since that revision")
        .field("revision")
        .details({{"current_revision", state.revision()}});
  }
  if (auto const* added = array_at(request, "new_packages"); added != nullptr && !added->empty()) {
    throw error("UNSUPPORTED_FEATURE", "Packages cannot be added to a media buy")
        .field("new_packages")
        .suggestion("Create another media buy");
  }
}

}  // namespace tenon::sales
