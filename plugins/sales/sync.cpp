#include "sync.hpp"

#include "discovery.hpp"
#include "overlay.hpp"

#include <algorithm>
#include <optional>

namespace tenon::sales {
namespace {

bool allows(std::vector<std::string> const& wanted, std::string const& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

/// A fault of the seller's or of the moment.
bool concerns_all(sdk::error const& fault) {
  for (auto const* code :
       {"CONFIGURATION_ERROR", "SERVICE_UNAVAILABLE", "RATE_LIMITED", "ACCOUNT_NOT_FOUND", "ACCOUNT_SUSPENDED"}) {
    if (fault.code() == code) {
      return true;
    }
  }
  return false;
}

/// An error as an entry of an answer's `errors`.
json::object describe(sdk::error const& fault) {
  json::object out{{"code", fault.code()}, {"message", fault.message()}};
  if (!fault.field().empty()) {
    out["field"] = fault.field();
  }
  return out;
}

/// The entry of a creative among the results; made, as unchanged, if it was only assigned. Borrowed: good until the
/// next one is made.
json::object& result_of(json::array& results, std::string const& creative_id) {
  for (auto& each : results) {
    if (upstream_text(each.get_object(), "creative_id") == creative_id) {
      return each.get_object();
    }
  }
  json::object fresh{{"creative_id", creative_id}, {"action", "unchanged"}};
  return results.emplace_back(std::move(fresh)).get_object();
}

void note_assigned(json::object& result, std::string const& package_id) {
  auto assigned = upstream_array(result, "assigned_to");
  if (std::find(assigned.begin(), assigned.end(), json::value(package_id)) == assigned.end()) {
    assigned.push_back(json::value(package_id));
  }
  result["assigned_to"] = std::move(assigned);
}

void note_refused(json::object& result, std::string const& package_id, sdk::error const& fault) {
  auto refused = upstream_object(result, "assignment_errors");
  refused[package_id] = fault.message();
  result["assignment_errors"] = std::move(refused);
}

/// Carries one entry out that is held until then, and lets it go.
sdk::task<void> carry_out_held(creative_store* library, awaited_creative entry, std::string buyer, json::object* result,
                               deadline held_until) {
  auto* const awaited = library->awaited();
  std::optional<sdk::error> refused;
  bool attached = false;
  try {
    attached = co_await library->attach(&entry, std::move(buyer), held_until);
  } catch (sdk::error const& fault) {
    refused = fault;
  }
  if (!refused) {
    co_await awaited->erase(entry);
    if (attached) {
      note_assigned(*result, entry.package_id());
    }
    co_return;
  }
  co_await awaited->release(entry);
  if (concerns_all(*refused)) {
    throw *refused;
  }
  note_refused(*result, entry.package_id(), *refused);
}

sdk::task<json::object> put_one(creative_store* library, catalogue const* sold, json::object source, std::string path,
                                std::string buyer, bool dry_run, deadline until) {
  json::object result{{"creative_id", required_text(source, "creative_id", path)}};
  try {
    auto item = read_creative(source, path, *sold);
    auto const done = co_await library->put(std::move(item), dry_run, until);
    result["action"] = done.action;
    result["status"] = "approved";
    if (!done.platform_id.empty()) {
      result["platform_id"] = done.platform_id;
    }
  } catch (sdk::error const& fault) {
    if (concerns_all(fault)) {
      throw;
    }
    result["action"] = "failed";
    result["errors"] = json::array{describe(fault)};
    dry_run = true;  // nothing has come that anybody waits for
  }
  if (!dry_run) {
    co_await carry_out(library, upstream_text(result, "creative_id"), std::move(buyer), &result, until);
  }
  co_return result;
}

sdk::task<json::array> assign_all(creative_store* library, json::object request, json::array results, std::string buyer,
                                  deadline until) {
  auto const* assignments = array_at(request, "assignments");
  for (std::size_t i = 0; assignments != nullptr && i < assignments->size(); ++i) {
    auto const path = path_of("assignments", i);
    auto const& entry = as_object((*assignments)[i], path);
    auto const creative_id = required_text(entry, "creative_id", path);
    auto const package_id = required_text(entry, "package_id", path);
    auto& result = result_of(results, creative_id);
    try {
      co_await library->assign(entry, path, buyer, until);
      if (auto* const awaited = library->awaited()) {
        co_await awaited->forget(buyer, creative_id, package_id);
      }
      note_assigned(result, package_id);
    } catch (sdk::error const& fault) {
      if (concerns_all(fault)) {
        throw;
      }
      note_refused(result, package_id, fault);
    }
  }
  co_return results;
}

}  // namespace

sdk::task<std::set<std::string>> creative_store::known(std::vector<std::string>, deadline) {
  co_return std::set<std::string>();
}

sdk::task<bool> creative_store::attach(awaited_creative const*, std::string, deadline) { co_return false; }

sdk::task<void> carry_out(creative_store* library, std::string creative_id, std::string buyer, json::object* result,
                          deadline until) {
  auto* const awaited = library->awaited();
  if (awaited == nullptr) {
    co_return;
  }
  auto waiting = co_await awaited->of_creative(buyer, std::move(creative_id));
  for (auto& entry : waiting) {
    auto const held_until = awaited->held_until(until);
    auto const held = co_await awaited->hold(&entry, awaited->new_holder());
    if (held == awaited_creatives::holding::ours) {
      co_await carry_out_held(library, entry, buyer, result, held_until);
    } else if (held == awaited_creatives::holding::taken) {
      sdk::error const busy("CONFLICT",
                            "Another request is changing the package, or was cut short while it did: send "
                            "the creative again in a minute");
      note_refused(*result, entry.package_id(), busy);
    }
  }
}

sdk::task<void> carry_out_known(creative_store* library, std::vector<std::string> creative_ids, std::string buyer,
                                deadline until) {
  if (creative_ids.empty()) {
    co_return;
  }
  std::sort(creative_ids.begin(), creative_ids.end());
  creative_ids.erase(std::unique(creative_ids.begin(), creative_ids.end()), creative_ids.end());
  auto const known = co_await library->known(std::move(creative_ids), until);
  for (auto const& id : known) {
    json::object unread;
    co_await carry_out(library, id, buyer, &unread, until);
  }
}

sdk::task<void> require_awaitable(creative_store* library, asked_assignments asked, std::string buyer, deadline until) {
  if (asked.empty()) {
    co_return;
  }
  auto const known = co_await library->known(asked.creative_ids(), until);
  asked.leave_out(known);
  if (!asked.empty()) {
    co_await library->awaited()->require_room(std::move(buyer), std::move(asked));
  }
}

asked_assignments assignments_of(buy_plan const& plan) {
  asked_assignments all;
  for (auto const& package : plan.packages) {
    all.add({}, package.assignments, false, package.path);
  }
  return all;
}

void add_expected(std::vector<std::string>& all, std::vector<std::string> const& awaited,
                  std::vector<creative> const& brought) {
  all.insert(all.end(), awaited.begin(), awaited.end());
  for (auto const& each : brought) {
    all.push_back(each.id);
  }
}

sdk::task<json::object> sync_creatives(creative_store* library, catalogue const* sold, json::object request,
                                       std::string buyer, deadline until) {
  if (flag_at(request, "delete_missing").value_or(false)) {
    throw sdk::error("UNSUPPORTED_FEATURE", "Creatives are not removed by leaving them out").field("delete_missing");
  }
  auto const dry_run = flag_at(request, "dry_run").value_or(false);
  auto const only = texts_at(request, "creative_ids", {});
  auto const* creatives = array_at(request, "creatives");
  json::array results;
  for (std::size_t i = 0; creatives != nullptr && i < creatives->size(); ++i) {
    auto const path = path_of("creatives", i);
    auto const& source = as_object((*creatives)[i], path);
    if (allows(only, required_text(source, "creative_id", path))) {
      auto result = co_await put_one(library, sold, source, path, buyer, dry_run, until);
      results.push_back(std::move(result));
    }
  }
  if (!dry_run) {
    results = co_await assign_all(library, request, std::move(results), std::move(buyer), until);
  }
  json::object answer{{"creatives", std::move(results)}};
  if (dry_run) {
    answer["dry_run"] = true;
  }
  co_return answer;
}

creative_filter::creative_filter(json::object const& request) {
  auto const* filters = object_at(request, "filters");
  if (filters == nullptr) {
    return;
  }
  ids_ = texts_at(*filters, "creative_ids", "filters");
  statuses_ = texts_at(*filters, "statuses", "filters");
  for (auto const& each : upstream_array(*filters, "format_ids")) {
    formats_.push_back(required_text(as_object(each, "filters.format_ids"), "id", "filters.format_ids"));
  }
}

bool creative_filter::matches(json::object const& listed) const {
  return allows(ids_, upstream_text(listed, "creative_id")) && allows(statuses_, upstream_text(listed, "status")) &&
         allows(formats_, upstream_text(upstream_object(listed, "format_id"), "id"));
}

json::object creatives_answer(json::object const& request, json::array matching) {
  auto const part = read_page(request, matching.size());
  json::array page(matching.begin() + static_cast<std::ptrdiff_t>(part.first),
                   matching.begin() + static_cast<std::ptrdiff_t>(part.last));
  json::object summary{{"total_matching", matching.size()}, {"returned", page.size()}};
  return {{"query_summary", std::move(summary)}, {"pagination", part.description}, {"creatives", std::move(page)}};
}

}  // namespace tenon::sales
