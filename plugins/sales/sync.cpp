#include "sync.hpp"

#include "discovery.hpp"
#include "overlay.hpp"

#include <algorithm>

namespace tenon::sales {
namespace {

bool allows(std::vector<std::string> const& wanted, std::string const& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

}  // namespace

bool concerns_all(sdk::error const& fault) {
  for (auto const* code :
       {"CONFIGURATION_ERROR", "SERVICE_UNAVAILABLE", "RATE_LIMITED", "ACCOUNT_NOT_FOUND", "ACCOUNT_SUSPENDED"}) {
    if (fault.code() == code) {
      return true;
    }
  }
  return false;
}

json::object describe(sdk::error const& fault) {
  json::object out{{"code", fault.code()}, {"message", fault.message()}};
  if (!fault.field().empty()) {
    out["field"] = fault.field();
  }
  return out;
}

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
