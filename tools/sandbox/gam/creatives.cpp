#include "sandbox/gam/creatives.hpp"

#include "sandbox/gam/collections.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

constexpr std::size_t longest_url = 1024;

std::string at(std::size_t i, std::string_view member) {
  return "requests[" + std::to_string(i) + "]." + std::string(member);
}

bool is_url(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) && text.size() <= longest_url;
}

void check_urls(const json::object& details, const std::string& path) {
  for (const auto name : {"destinationUrl", "imageUrl", "vastXmlUrl"})
    if (const auto url = text_of(details, name); !url.empty() && !is_url(url))
      throw broken_rule("InvalidUrlError", "INVALID_FORMAT",
                        "Expected an http or https URL of at most 1024 characters.", path + "." + name);
  for (const auto& each : array_of(details, "thirdPartyImpressionTrackingUrls"))
    if (!is_url(each.get_string()))
      throw broken_rule("InvalidUrlError", "INVALID_FORMAT", "Expected http or https URLs of at most 1024 characters.",
                        path + ".thirdPartyImpressionTrackingUrls");
}

/// The upstream's oneof: exactly one kind of creative, and where a click leads unless it leads nowhere.
void check_details(const json::object& fields, const std::string& path) {
  std::string kind;
  for (const auto& [key, value] : fields) {
    if (!std::string_view(key).ends_with("Creative")) continue;
    if (!kind.empty())
      throw invalid(path + "." + std::string(key), "Only one of the kinds of creative can be set; " + kind + " is.");
    kind = key;
  }
  if (kind.empty()) throw invalid(path, "Expected one kind of creative, such as imageRedirectCreative.");
  const auto where = path + "." + kind;
  const auto& details = object_of(fields, kind);
  check_urls(details, where);
  const bool clickable = kind == "imageRedirectCreative" || kind == "imageCreative" || kind == "customCreative";
  if (clickable && text_of(details, "destinationUrl").empty() && text_of(details, "destinationUrlType") != "NONE")
    throw invalid(where + ".destinationUrl", "The field is required unless destinationUrlType is NONE.");
  if (kind == "thirdPartyCreative" && text_of(details, "snippet").empty())
    throw invalid(where + ".snippet", "The field is required.");
  if (text_of(fields, "displayName").size() > 255)
    throw invalid(path + ".displayName", "Expected at most 255 characters.");
}

json::object prepare(const call& request, const json::object& given, const std::string& path) {
  auto fields = read_new(*request.gam, creative, given, path);
  check_details(fields, path);
  return fields;
}

json::object store_new(const call& request, json::object fields) {
  auto& network = *request.gam;
  drop_input_only(creative, fields);
  auto name = next_name(network, "creatives");
  fields["name"] = name;
  fields["updateTime"] = rfc3339(request.now);
  return table_of(network.objects, "creatives").add(std::move(name), std::move(fields)).fields;
}

}  // namespace

http::response create_creative(call& request) {
  allow_query(request);
  return answer(request, store_new(request, prepare(request, body_of(request), "creative")));
}

http::response create_creatives(call& request) {
  allow_query(request);
  const auto body = body_of(request);
  allow_only(body, {"requests"});
  std::vector<json::object> made;
  const auto& requests = requests_of(body);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& each = requests[i].get_object();
    allow_only(each, {"parent", "creative"}, at(i, ""));
    if (text_of(each, "parent") != request.gam->name())
      throw invalid(at(i, "parent"), "Expected the parent of the batch, " + request.gam->name() + ".");
    made.push_back(prepare(request, object_of(each, "creative"), at(i, "creative")));
  }
  json::array shown;
  for (auto& fields : made) shown.push_back(store_new(request, std::move(fields)));
  return answer(request, json::object{{"creatives", std::move(shown)}});
}

http::response update_creatives(call& request) {
  allow_query(request);
  const auto body = body_of(request);
  allow_only(body, {"requests"});
  std::vector<std::pair<record*, json::object>> made;
  const auto& requests = requests_of(body);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& each = requests[i].get_object();
    allow_only(each, {"creative", "updateMask"}, at(i, ""));
    const auto& given = object_of(each, "creative");
    auto& held = existing(*request.gam, "creatives", text_of(given, "name"));
    made.emplace_back(&held,
                      read_update(*request.gam, creative, held, given, text_of(each, "updateMask"), at(i, "creative")));
    check_details(made.back().second, at(i, "creative"));
    drop_input_only(creative, made.back().second);
  }
  json::array shown;
  for (auto& [held, fields] : made) {
    held->fields = std::move(fields);
    held->fields["updateTime"] = rfc3339(request.now);
    shown.push_back(held->fields);
  }
  return answer(request, json::object{{"creatives", std::move(shown)}});
}

}  // namespace tenon::sandbox::gam
