#include "creative_json.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <array>

namespace tenon::gam {
namespace {

constexpr std::array<std::string_view, 3> kinds{"imageRedirectCreative", "customCreative", "vastRedirectCreative"};
constexpr std::size_t longest_url = 1024;

void require_short(std::string const& url) {
  if (url.size() > longest_url) {
    throw sdk::error("CREATIVE_REJECTED", "Addresses of a creative may have 1024 characters at most").field("assets");
  }
}

// No landing page is said as such: serving the asset's own address instead would send people to a picture.
void add_destination(json::object& details, sales::creative const& item) {
  if (item.click_url.empty()) {
    details["destinationUrlType"] = "NONE";
    return;
  }
  require_short(item.click_url);
  details["destinationUrl"] = item.click_url;
  details["destinationUrlType"] = "CLICK_TO_WEB";
}

void add_trackers(json::object& details, sales::creative const& item) {
  if (!item.impression_trackers.empty()) {
    details["thirdPartyImpressionTrackingUrls"] =
        json::array(item.impression_trackers.begin(), item.impression_trackers.end());
  }
}

json::object image_details(sales::creative const& item) {
  require_short(item.url);
  json::object details{{"imageUrl", item.url}};
  add_destination(details, item);
  if (!item.alt_text.empty()) {
    details["altText"] = item.alt_text;
  }
  add_trackers(details, item);
  return details;
}

json::object markup_details(sales::creative const& item) {
  json::object details{{"htmlSnippet", item.markup}};
  add_destination(details, item);
  add_trackers(details, item);
  return details;
}

json::object vast_details(sales::creative const& item) {
  require_short(item.url);
  if (item.duration_ms <= 0) {
    throw sdk::error("CREATIVE_REJECTED", "A VAST creative needs its duration")
        .field("assets")
        .suggestion("Send duration_ms");
  }
  if (!item.impression_trackers.empty()) {
    throw sdk::error("UNSUPPORTED_FEATURE", "Trackers of a VAST creative belong into its document").field("assets");
  }
  json::object details{{"vastXmlUrl", item.url}, {"vastRedirectType", "LINEAR"}};
  details["duration"] = std::to_string((item.duration_ms + 999) / 1000) + "s";
  add_destination(details, item);
  return details;
}

json::object format_id_for(json::object const& existing, gam_settings const& settings) {
  auto const size = sales::upstream_object(existing, "size");
  auto const width = sales::upstream_integer(size, "width");
  auto const height = sales::upstream_integer(size, "height");
  auto const video = details_member(existing) == "vastRedirectCreative";
  sales::format const* first = nullptr;
  for (auto const& item : settings.catalogue.products()) {
    for (auto const& offered : item.formats) {
      first = first == nullptr ? &offered : first;
      if (offered.width == width && offered.height == height && (offered.duration_ms > 0) == video) {
        return sales::format_id_of(offered);
      }
    }
  }
  auto const name = (video ? "video_" : "display_") + std::to_string(width) + "x" + std::to_string(height);
  return {{"agent_url", first == nullptr ? std::string("https://admanager.google.com") : first->agent_url},
          {"id", name}};
}

}  // namespace

json::object creative_json(sales::creative const& item, gam_settings const& settings) {
  json::object size{{"width", item.width}, {"height", item.height}, {"sizeType", "PIXEL"}};
  json::object out{{"displayName", item.id}, {"advertiser", settings.advertiser}, {"size", std::move(size)}};
  switch (item.kind) {
    case sales::creative_kind::image: out["imageRedirectCreative"] = image_details(item); break;
    case sales::creative_kind::markup: out["customCreative"] = markup_details(item); break;
    case sales::creative_kind::vast: out["vastRedirectCreative"] = vast_details(item); break;
  }
  return out;
}

std::string_view details_member(json::object const& creative) {
  auto const held = std::find_if(kinds.begin(), kinds.end(), [&](auto kind) { return creative.contains(kind); });
  return held == kinds.end() ? std::string_view() : *held;
}

bool same_content(json::object const& existing, json::object const& wanted) {
  auto const member = details_member(wanted);
  auto const held = sales::upstream_object(existing, member);
  // The upstream adds members of its own: what we say must be there, what we do not say is its business.
  for (auto const& [key, value] : sales::upstream_object(wanted, member)) {
    auto const* other = held.if_contains(key);
    if (other == nullptr || *other != value) {
      return false;
    }
  }
  return true;
}

bool same_size(json::object const& existing, json::object const& wanted) {
  auto const held = sales::upstream_object(existing, "size");
  auto const asked = sales::upstream_object(wanted, "size");
  return sales::upstream_integer(held, "width") == sales::upstream_integer(asked, "width") &&
         sales::upstream_integer(held, "height") == sales::upstream_integer(asked, "height");
}

json::object listed_creative(json::object const& existing, gam_settings const& settings) {
  auto const id = sales::upstream_text(existing, "displayName");
  auto const changed = sales::parse_instant(sales::upstream_text(existing, "updateTime")).value_or(sales::instant{});
  return {{"creative_id", id},
          {"name", id},
          {"format_id", format_id_for(existing, settings)},
          {"status", "approved"},
          {"created_date", sales::format_instant(changed)},
          {"updated_date", sales::format_instant(changed)}};
}

}  // namespace tenon::gam
