#include "overlay.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <cctype>

namespace tenon::sales {
namespace {

using sdk::error;

bool is_empty(json::value const& value) {
  return value.is_null() || (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

frequency_limit limit_from(json::object const& duration, std::int64_t impressions, std::string const& path) {
  auto const amount = integer_at(duration, "interval", path).value_or(0);
  auto const unit = required_text(duration, "unit", path);
  if (amount < 1) {
    throw error("VALIDATION_ERROR", "interval must be at least 1").field(path_of(path, "interval"));
  }
  if (unit == "seconds") {
    if (amount % 60 != 0) {
      throw error("UNSUPPORTED_FEATURE", "Frequency is capped in whole minutes").field(path);
    }
    return {impressions, amount / 60, frequency_limit::unit::minute};
  }
  if (unit == "minutes") {
    return {impressions, amount, frequency_limit::unit::minute};
  }
  if (unit == "hours") {
    return {impressions, amount, frequency_limit::unit::hour};
  }
  if (unit == "days") {
    return {impressions, amount, frequency_limit::unit::day};
  }
  if (unit == "campaign") {
    return {impressions, 1, frequency_limit::unit::campaign};
  }
  throw error("VALIDATION_ERROR", "unit must be seconds, minutes, hours, days or campaign")
      .field(path_of(path, "unit"));
}

bool all_capitals(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool all_alphanumeric(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

}  // namespace

void refuse_unsupported_targeting(json::object const& overlay, std::span<std::string_view const> supported,
                                  std::string const& path) {
  for (auto const& [key, value] : overlay) {
    if (!is_empty(value) && std::find(supported.begin(), supported.end(), std::string_view(key)) == supported.end()) {
      throw error("UNSUPPORTED_FEATURE", "Targeting by " + std::string(key) + " is not available")
          .field(path_of(path, key))
          .suggestion("Leave it out, or choose a product that already has this audience");
    }
  }
}

std::vector<frequency_limit> frequency_limits(json::object const& overlay, std::string const& path) {
  std::vector<frequency_limit> limits;
  auto const* cap = object_at(overlay, "frequency_cap", path);
  if (cap == nullptr) {
    return limits;
  }
  auto const where = path_of(path, "frequency_cap");
  if (auto const* suppress = object_at(*cap, "suppress", where)) {
    limits.push_back(limit_from(*suppress, 1, path_of(where, "suppress")));
  } else if (auto const minutes = integer_at(*cap, "suppress_minutes", where); minutes && *minutes > 0) {
    limits.push_back({1, *minutes, frequency_limit::unit::minute});
  }
  if (auto const most = integer_at(*cap, "max_impressions", where)) {
    auto const* window = object_at(*cap, "window", where);
    if (window == nullptr || *most < 1) {
      throw error("VALIDATION_ERROR", "max_impressions must be at least 1 and needs a window").field(where);
    }
    auto const per = text_at(*cap, "per", where).value_or("devices");
    if (per != "devices" && per != "cookies" && per != "individuals") {
      throw error("UNSUPPORTED_FEATURE", "Frequency cannot be counted per " + per).field(path_of(where, "per"));
    }
    limits.push_back(limit_from(*window, *most, path_of(where, "window")));
  }
  return limits;
}

std::vector<std::string> texts_at(json::object const& object, std::string_view key, std::string const& path) {
  std::vector<std::string> all;
  auto const* listed = array_at(object, key, path);
  for (std::size_t i = 0; listed != nullptr && i < listed->size(); ++i) {
    all.push_back(as_text((*listed)[i], path_of(path_of(path, key), i)));
  }
  return all;
}

std::vector<std::string> nielsen_metros(json::object const& overlay, std::string_view key, std::string const& path) {
  std::vector<std::string> codes;
  auto const* listed = array_at(overlay, key, path);
  for (std::size_t i = 0; listed != nullptr && i < listed->size(); ++i) {
    auto const where = path_of(path_of(path, key), i);
    auto const& entry = as_object((*listed)[i], where);
    auto const system = required_text(entry, "system", where);
    if (system != "nielsen_dma") {
      throw error("UNSUPPORTED_FEATURE", "Metro areas are named by nielsen_dma only").field(path_of(where, "system"));
    }
    for (auto& code : texts_at(entry, "values", where)) {
      auto const numeric =
          code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!numeric) {
        throw error("VALIDATION_ERROR", "A Nielsen DMA code has three digits").field(path_of(where, "values"));
      }
      codes.push_back(std::move(code));
    }
  }
  return codes;
}

region_code read_region(std::string const& code, std::string const& path) {
  auto const dash = code.find('-');
  region_code region{code.substr(0, dash), dash == std::string::npos ? "" : code.substr(dash + 1)};
  auto const well_formed = region.country.size() == 2 && all_capitals(region.country) && !region.subdivision.empty() &&
                           region.subdivision.size() <= 3 && all_alphanumeric(region.subdivision);
  if (!well_formed) {
    throw error("VALIDATION_ERROR", "Regions are ISO 3166-2 codes, as in US-CA").field(path);
  }
  return region;
}

void require_country(std::string const& code, std::string const& path) {
  if (code.size() != 2 || !all_capitals(code)) {
    throw error("VALIDATION_ERROR", "Countries are ISO 3166-1 alpha-2 codes, as in US").field(path);
  }
}

}  // namespace tenon::sales
