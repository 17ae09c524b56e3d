#include "regions.hpp"

#include <algorithm>
#include <array>

namespace tenon::gam {
namespace {

struct region {
  std::string_view country;
  std::string_view subdivision;
  std::string_view name;
};

constexpr std::array<region, 64> regions{{{"US", "AL", "Alabama"},
                                          {"US", "AK", "Alaska"},
                                          {"US", "AZ", "Arizona"},
                                          {"US", "AR", "Arkansas"},
                                          {"US", "CA", "California"},
                                          {"US", "CO", "Colorado"},
                                          {"US", "CT", "Connecticut"},
                                          {"US", "DE", "Delaware"},
                                          {"US", "DC", "District of Columbia"},
                                          {"US", "FL", "Florida"},
                                          {"US", "GA", "Georgia"},
                                          {"US", "HI", "Hawaii"},
                                          {"US", "ID", "Idaho"},
                                          {"US", "IL", "Illinois"},
                                          {"US", "IN", "Indiana"},
                                          {"US", "IA", "Iowa"},
                                          {"US", "KS", "Kansas"},
                                          {"US", "KY", "Kentucky"},
                                          {"US", "LA", "Louisiana"},
                                          {"US", "ME", "Maine"},
                                          {"US", "MD", "Maryland"},
                                          {"US", "MA", "Massachusetts"},
                                          {"US", "MI", "Michigan"},
                                          {"US", "MN", "Minnesota"},
                                          {"US", "MS", "Mississippi"},
                                          {"US", "MO", "Missouri"},
                                          {"US", "MT", "Montana"},
                                          {"US", "NE", "Nebraska"},
                                          {"US", "NV", "Nevada"},
                                          {"US", "NH", "New Hampshire"},
                                          {"US", "NJ", "New Jersey"},
                                          {"US", "NM", "New Mexico"},
                                          {"US", "NY", "New York"},
                                          {"US", "NC", "North Carolina"},
                                          {"US", "ND", "North Dakota"},
                                          {"US", "OH", "Ohio"},
                                          {"US", "OK", "Oklahoma"},
                                          {"US", "OR", "Oregon"},
                                          {"US", "PA", "Pennsylvania"},
                                          {"US", "RI", "Rhode Island"},
                                          {"US", "SC", "South Carolina"},
                                          {"US", "SD", "South Dakota"},
                                          {"US", "TN", "Tennessee"},
                                          {"US", "TX", "Texas"},
                                          {"US", "UT", "Utah"},
                                          {"US", "VT", "Vermont"},
                                          {"US", "VA", "Virginia"},
                                          {"US", "WA", "Washington"},
                                          {"US", "WV", "West Virginia"},
                                          {"US", "WI", "Wisconsin"},
                                          {"US", "WY", "Wyoming"},
                                          {"CA", "AB", "Alberta"},
                                          {"CA", "BC", "British Columbia"},
                                          {"CA", "MB", "Manitoba"},
                                          {"CA", "NB", "New Brunswick"},
                                          {"CA", "NL", "Newfoundland and Labrador"},
                                          {"CA", "NS", "Nova Scotia"},
                                          {"CA", "NT", "Northwest Territories"},
                                          {"CA", "NU", "Nunavut"},
                                          {"CA", "ON", "Ontario"},
                                          {"CA", "PE", "Prince Edward Island"},
                                          {"CA", "QC", "Quebec"},
                                          {"CA", "SK", "Saskatchewan"},
                                          {"CA", "YT", "Yukon"}}};

}  // namespace

std::optional<std::string_view> region_name(std::string_view country, std::string_view subdivision) {
  auto const found = std::find_if(regions.begin(), regions.end(), [&](region const& each) {
    return each.country == country && each.subdivision == subdivision;
  });
  return found == regions.end() ? std::nullopt : std::optional{found->name};
}

}  // namespace tenon::gam
