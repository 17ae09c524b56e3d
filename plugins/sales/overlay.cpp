#include "overlay.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace tenon::sales {
namespace {

using sdk::error;

bool is_empty(json::value const& value) {
  return value.is_null() || (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

constexpr std::array<std::string_view, 3> lists{"property_list", "collection_list", "collection_list_exclude"};

bool is_list(std::string_view member) { return std::find(lists.begin(), lists.end(), member) != lists.end(); }

void check_list(json::value const& value, std::string const& path) {
  auto const& list = as_object(value, path);
  required_text(list, "agent_url", path);
  required_text(list, "list_id", path);
  if (find(list, "auth_token") != nullptr) {
    throw error("UNSUPPORTED_FEATURE", "The list is applied by people, who have no place to keep its token")
        .field(path_of(path, "auth_token"))
        .suggestion("Give the seller access to the list, and leave the token out");
  }
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

manual_targeting::manual_targeting(json::object const& settings)
    : members_(texts_at(settings, "manual_targeting", {})) {
  for (auto const& member : members_) {
    if (!is_list(member)) {
      throw sdk::errors::configuration_error(
          "manual_targeting: expected property_list, collection_list or collection_list_exclude, found \"" + member +
          "\"");
    }
  }
}

bool manual_targeting::has(std::string_view member) const {
  return std::find(members_.begin(), members_.end(), member) != members_.end();
}

std::vector<std::string> lists_in(json::object const& overlay) {
  std::vector<std::string> found;
  for (auto const& member : lists) {
    auto const* value = find(overlay, member);
    if (value != nullptr && !is_empty(*value)) {
      found.emplace_back(member);
    }
  }
  return found;
}

void refuse_unsupported_targeting(json::object const& overlay, std::span<std::string_view const> supported,
                                  manual_targeting const& by_hand, std::string const& path) {
  for (auto const& [key, value] : overlay) {
    if (is_empty(value) || std::find(supported.begin(), supported.end(), std::string_view(key)) != supported.end()) {
      continue;
    }
    if (by_hand.has(key)) {
      check_list(value, path_of(path, key));
      continue;
    }
    error refused("UNSUPPORTED_FEATURE", "Targeting by " + std::string(key) + " is not available");
    refused.field(path_of(path, key)).suggestion("Leave it out, or choose a product that already has this audience");
    if (is_list(key)) {
      refused.operator_detail("no ad server takes a " + std::string(key) +
                              "; if the publisher's people apply such lists by hand, name it in the tenant's setting "
                              "manual_targeting = [\"" +
                              std::string(key) + "\"]");
    }
    throw refused;
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
