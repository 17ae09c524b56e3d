#include "sandbox/gam/creatives.hpp"

#include "sandbox/gam/batch.hpp"
#include "sandbox/gam/collections.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

constexpr std::size_t longest_url = 1024;

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

json::object prepare_update(const call& request, const record& held, const json::object& given, std::string_view mask,
                            const std::string& path) {
  auto fields = read_update(*request.gam, creative, held, given, mask, path);
  check_details(fields, path);
  drop_input_only(creative, fields);
  return fields;
}

json::object store_update(const call& request, record& held, json::object fields) {
  held.fields = std::move(fields);
  held.fields["updateTime"] = rfc3339(request.now);
  return held.fields;
}

const batch_kind creatives{.name = "creative",
                           .collection = "creatives",
                           .plural = "creatives",
                           .prepare = prepare,
                           .store_new = store_new,
                           .prepare_update = prepare_update,
                           .store_update = store_update,
                           .check_parent = nullptr,
                           .check_together = nullptr};

}  // namespace

http::response create_creative(call& request) {
  allow_query(request);
  return answer(request, store_new(request, prepare(request, body_of(request), "creative")));
}

http::response create_creatives(call& request) { return create_batch(request, creatives); }
http::response update_creatives(call& request) { return update_batch(request, creatives); }

}  // namespace tenon::sandbox::gam
