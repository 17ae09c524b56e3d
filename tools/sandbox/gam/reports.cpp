#include "sandbox/gam/reports.hpp"

#include "sandbox/gam/collections.hpp"
#include "sandbox/gam/report_rows.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

constexpr std::string_view types = "type.googleapis.com/google.ads.admanager.v1.";

json::object date_object(sys_days day) {
  const std::chrono::year_month_day date(day);
  return {{"year", static_cast<int>(date.year())},
          {"month", static_cast<unsigned>(date.month())},
          {"day", static_cast<unsigned>(date.day())}};
}

std::string report_name(const call& request) { return name_of(*request.gam, "reports", request.ids[1]); }

json::object operation(const record& run, bool done) {
  json::object made{{"name", run.key},
                    {"metadata", json::object{{"@type", std::string(types) + "RunReportMetadata"},
                                              {"percentComplete", done ? 100 : 0},
                                              {"report", text_of(run.fields, "report")}}}};
  if (!done) return made;
  made["done"] = true;
  made["response"] = json::object{{"@type", std::string(types) + "RunReportResponse"},
                                  {"reportResult", text_of(run.fields, "result")}};
  return made;
}

std::int64_t row_number(const call& request, std::string_view name, std::int64_t missing) {
  const auto text = value_of(request.query, name);
  const auto value = text.empty() ? missing : parse_integer(text).value_or(-1);
  if (value < 0) throw invalid(std::string(name), "Expected a number that is not negative, or a token of this server.");
  return value;
}

}  // namespace

http::response create_report(call& request) {
  allow_query(request);
  auto& network = *request.gam;
  auto fields = read_new(network, report, body_of(request), "report");
  check_report(object_of(fields, "reportDefinition"), request.now);
  auto name = next_name(network, "reports");
  fields["name"] = name;
  fields["reportId"] = name.substr(name.rfind('/') + 1);
  fields["createTime"] = rfc3339(request.now);
  fields["updateTime"] = rfc3339(request.now);
  if (!fields.contains("visibility")) fields["visibility"] = "HIDDEN";
  return answer(request, table_of(network.objects, "reports").add(std::move(name), std::move(fields)).fields);
}

http::response patch_report(call& request) {
  allow_query(request, {"updateMask"});
  auto& held = existing(*request.gam, "reports", report_name(request));
  auto fields =
      read_update(*request.gam, report, held, body_of(request), value_of(request.query, "updateMask"), "report");
  check_report(object_of(fields, "reportDefinition"), request.now);
  held.fields = std::move(fields);
  held.fields["updateTime"] = rfc3339(request.now);
  return answer(request, held.fields);
}

http::response run_report(call& request) {
  allow_query(request);
  if (!request.request.body.empty()) allow_only(body_of(request), {});
  auto& network = *request.gam;
  const auto& held = existing(network, "reports", report_name(request));
  const auto& definition = object_of(held.fields, "reportDefinition");
  const auto range = days_of(definition, request.now);
  const auto result = held.key + "/results/" + std::to_string(++network.last_id);
  table_of(network.objects, "reportResults")
      .add(result, {{"rows", rows_of(network, definition, request.now)},
                    {"runTime", rfc3339(request.now)},
                    {"startDate", date_object(range.first)},
                    {"endDate", date_object(range.last)}});
  auto name = network.name() + "/operations/reports/runs/" + std::to_string(++network.last_id);
  const auto& run = table_of(network.objects, "reportRuns")
                        .add(std::move(name), {{"report", held.key}, {"result", result}, {"polls", 0}});
  return answer(request, operation(run, false));
}

http::response get_operation(call& request) {
  allow_query(request);
  auto& run = existing(*request.gam, "reportRuns", request.gam->name() + "/operations/reports/runs/" + request.ids[1]);
  const auto polls = integer_of(run.fields, "polls") + 1;
  run.fields["polls"] = polls;
  return answer(request, operation(run, polls >= 2));
}

http::response fetch_rows(call& request) {
  allow_query(request, {"pageSize", "pageToken"});
  const auto& held = existing(*request.gam, "reportResults", report_name(request) + "/results/" + request.ids[2]);
  const auto& rows = array_of(held.fields, "rows");
  const auto asked = row_number(request, "pageSize", 0);
  const auto size = static_cast<std::size_t>(asked == 0 ? 1000 : std::min<std::int64_t>(asked, 10'000));
  const auto start = std::min(static_cast<std::size_t>(row_number(request, "pageToken", 0)), rows.size());
  const auto end = std::min(rows.size(), start + size);

  json::array page;
  for (auto i = start; i < end; ++i) page.push_back(rows[i]);
  json::object made{{"runTime", text_of(held.fields, "runTime")}};
  if (!page.empty()) made["rows"] = std::move(page);
  if (start == 0) {
    made["totalRowCount"] = rows.size();
    made["dateRanges"] = json::array{json::object{{"startDate", object_of(held.fields, "startDate")},
                                                  {"endDate", object_of(held.fields, "endDate")}}};
  }
  if (end < rows.size()) made["nextPageToken"] = std::to_string(end);
  return answer(request, made);
}

}  // namespace tenon::sandbox::gam
