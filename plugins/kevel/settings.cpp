#include "settings.hpp"

#include <tenon/sdk/error.hpp>

namespace tenon::kevel {
namespace {

constexpr double default_rate = 50;  // per second and account
constexpr std::uint32_t burst = 10;

[[noreturn]] void misconfigured(std::string what) { throw sdk::errors::configuration_error(std::move(what)); }

std::int64_t positive(json::object const& source, std::string_view key, std::string const& path) {
  auto const value = sales::upstream_integer(source, key);
  if (value <= 0) {
    misconfigured(sales::path_of(path, key) + ": expected the number of an object in Kevel, above 0");
  }
  return value;
}

booking_terms read_terms(sales::product const& item) {
  auto const path = "products." + item.id;
  booking_terms terms;
  terms.priority_id = positive(item.source, "priority_id", path);
  for (auto const& each : sales::upstream_array(item.source, "places")) {
    auto const& source = sales::as_object(each, path + ".places");
    terms.places.push_back({positive(source, "site_id", path + ".places"), sales::upstream_integer(source, "zone_id")});
  }
  if (terms.places.empty()) {
    misconfigured(path + " has no places: a flight without a site would serve everywhere");
  }
  terms.share_percent = sales::integer_at(item.source, "share_percent", path).value_or(100);
  for (auto const& option : item.pricing) {
    if (option.model == sales::pricing_model::vcpm) {
      misconfigured(path + ": pricing option " + option.id + " is vcpm, which Kevel does not sell");
    }
  }
  return terms;
}

}  // namespace

kevel_settings::kevel_settings(json::object const& source, std::string const& tenant)
    : api_base(sales::url_at(source, "api_base", "https://api.kevel.co/v1")),
      advertiser_id(positive(source, "advertiser_id", {})),
      quota(sales::text_at(source, "quota_group").value_or(tenant),
            sales::number_at(source, "requests_per_second").value_or(default_rate), burst),
      by_hand(source),
      catalogue(source, "Kevel") {
  for (auto const& item : catalogue.products()) {
    terms.emplace(item.id, read_terms(item));
  }
}

}  // namespace tenon::kevel
