#include "sync.hpp"

#include "discovery.hpp"
#include "overlay.hpp"

#include <algorithm>
#include <exception>

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

/// What one request assigns: what waits for the creatives that are there now, and what it says itself.
///
/// Lifetime    Borrows the library.
class assigner {
 public:
  assigner(creative_store& library, std::string buyer, deadline until)
      : library_(library), awaited_(library.awaited()), buyer_(std::move(buyer)), until_(until) {
    if (library.assigns_together()) {  // else who holds an entry does this work, or looks for it afterwards
      patience_ = awaited_creatives::patience;
    }
  }

  /// Carries out what of this buyer's waits for a creative that is in the library now, and says in `result`, an entry
  /// of the answer of sync_creatives, to which packages it went and which refused it: those go on waiting. Borrowed:
  /// result outlives the task.
  sdk::task<void> carry_out(std::string creative_id, json::object* result);

  /// Assigns as an entry of the request's assignments asks for, and likewise says so.
  sdk::task<void> assign(json::object entry, std::string path, json::object* result);

 private:
  sdk::task<bool> attach(awaited_creative entry);
  sdk::task<void> assign_held(json::object entry, std::string path);
  sdk::task<void> hold(package_awaits* waits, std::string creative_id);
  sdk::task<void> let_go(package_awaits* waits, std::string creative_id, std::exception_ptr failure);

  creative_store& library_;
  awaited_creatives* awaited_;
  std::string buyer_;
  deadline until_;
  std::chrono::milliseconds patience_{0};
};

sdk::task<void> assigner::hold(package_awaits* waits, std::string creative_id) {
  auto const held = co_await waits->hold_for(std::move(creative_id), library_.assigns_together(), &patience_, until_);
  if (!held) {
    throw sdk::error(
        "CONFLICT",
        "Another request is changing the package, or was cut short while it did: send the creative, or the "
        "assignment, again in a minute");
  }
}

sdk::task<void> assigner::let_go(package_awaits* waits, std::string creative_id, std::exception_ptr failure) {
  if (failure != nullptr) {
    co_await waits->release();
    std::rethrow_exception(failure);
  }
  co_await waits->assigned(std::move(creative_id));
}

sdk::task<bool> assigner::attach(awaited_creative entry) {
  package_awaits waits(*awaited_, buyer_, entry.package_id(), entry.media_buy_id());
  co_await hold(&waits, entry.creative_id());
  std::exception_ptr failure;
  auto attached = false;
  try {
    if (auto const* const held = waits.held(entry.creative_id())) {
      attached = co_await library_.attach(held, buyer_, waits.held_until(until_));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_await let_go(&waits, entry.creative_id(), failure);
  co_return attached;
}

sdk::task<void> assigner::carry_out(std::string creative_id, json::object* result) {
  if (awaited_ == nullptr) {
    co_return;
  }
  auto const waiting = co_await awaited_->of_creative(buyer_, std::move(creative_id));
  for (auto const& entry : waiting) {
    try {
      auto const attached = co_await attach(entry);
      if (attached) {
        note_assigned(*result, entry.package_id());
      }
    } catch (sdk::error const& fault) {
      if (concerns_all(fault)) {
        throw;
      }
      note_refused(*result, entry.package_id(), fault);
    }
  }
}

sdk::task<void> assigner::assign_held(json::object entry, std::string path) {
  auto const creative_id = upstream_text(entry, "creative_id");
  auto const package_id = upstream_text(entry, "package_id");
  if (awaited_ == nullptr || !library_.assigns_together()) {
    co_await library_.assign(std::move(entry), std::move(path), buyer_, until_);
    if (awaited_ != nullptr) {
      co_await awaited_->forget(buyer_, creative_id, package_id);
    }
    co_return;
  }
  package_awaits waits(*awaited_, buyer_, package_id, {});
  co_await hold(&waits, creative_id);
  std::exception_ptr failure;
  try {
    co_await library_.assign(std::move(entry), std::move(path), buyer_, waits.held_until(until_));
  } catch (...) {
    failure = std::current_exception();
  }
  co_await let_go(&waits, creative_id, failure);
}

sdk::task<void> assigner::assign(json::object entry, std::string path, json::object* result) {
  auto const package_id = required_text(entry, "package_id", path);
  try {
    co_await assign_held(std::move(entry), std::move(path));
    note_assigned(*result, package_id);
  } catch (sdk::error const& fault) {
    if (concerns_all(fault)) {
      throw;
    }
    note_refused(*result, package_id, fault);
  }
}

sdk::task<json::object> put_one(creative_store* library, catalogue const* sold, json::object source, std::string path,
                                bool dry_run, assigner* assigning, deadline until) {
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
    co_await assigning->carry_out(upstream_text(result, "creative_id"), &result);
  }
  co_return result;
}

sdk::task<json::array> assign_all(json::object request, json::array results, assigner* assigning) {
  auto const* assignments = array_at(request, "assignments");
  for (std::size_t i = 0; assignments != nullptr && i < assignments->size(); ++i) {
    auto const path = path_of("assignments", i);
    auto const& entry = as_object((*assignments)[i], path);
    auto const creative_id = required_text(entry, "creative_id", path);
    co_await assigning->assign(entry, path, &result_of(results, creative_id));
  }
  co_return results;
}

}  // namespace

sdk::task<std::set<std::string>> creative_store::known(std::vector<std::string>, deadline) {
  co_return std::set<std::string>();
}

sdk::task<bool> creative_store::attach(awaited_creative const*, std::string, deadline) { co_return false; }

sdk::task<void> carry_out_known(creative_store* library, std::vector<std::string> creative_ids, std::string buyer,
                                deadline until) {
  if (creative_ids.empty()) {
    co_return;
  }
  std::sort(creative_ids.begin(), creative_ids.end());
  creative_ids.erase(std::unique(creative_ids.begin(), creative_ids.end()), creative_ids.end());
  auto const known = co_await library->known(std::move(creative_ids), until);
  assigner assigning(*library, std::move(buyer), until);
  for (auto const& id : known) {
    json::object unread;
    co_await assigning.carry_out(id, &unread);
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
  assigner assigning(*library, std::move(buyer), until);
  json::array results;
  for (std::size_t i = 0; creatives != nullptr && i < creatives->size(); ++i) {
    auto const path = path_of("creatives", i);
    auto const& source = as_object((*creatives)[i], path);
    if (allows(only, required_text(source, "creative_id", path))) {
      auto result = co_await put_one(library, sold, source, path, dry_run, &assigning, until);
      results.push_back(std::move(result));
    }
  }
  if (!dry_run) {
    results = co_await assign_all(request, std::move(results), &assigning);
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
