#include "sync.hpp"

#include "discovery.hpp"
#include "overlay.hpp"

#include <algorithm>

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
  assigned.push_back(json::value(package_id));
  result["assigned_to"] = std::move(assigned);
}

void note_refused(json::object& result, std::string const& package_id, sdk::error const& fault) {
  auto refused = upstream_object(result, "assignment_errors");
  refused[package_id] = fault.message();
  result["assignment_errors"] = std::move(refused);
}

sdk::task<json::object> put_one(creative_store* library, catalogue const* sold, json::object source, std::string path,
                                bool dry_run, deadline until) {
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
      auto result = co_await put_one(library, sold, source, path, dry_run, until);
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
