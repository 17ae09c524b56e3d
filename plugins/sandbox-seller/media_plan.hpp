#pragma once

#include "../sales/catalogue.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon::sandbox_seller {

namespace json = sales::json;

/// A part of a budget. A value.
struct allocation {
  std::string product_id;
  std::string pricing_option_id;
  std::int64_t share = 0;  ///< hundredths of a percent

  friend bool operator==(allocation const&, allocation const&) = default;
};

inline constexpr std::int64_t whole_budget = 10'000;  ///< what the shares of a plan come to

/// A media plan that the settings offer to every buyer who sends a brief.
struct media_plan {
  std::string id;
  std::string name;
  std::string description;
  bool needs_signature = false;              ///< its insertion order has to be accepted before it is bought
  std::vector<allocation> allocations = {};  ///< empty: equal parts of what is offered in one currency
};

/// Reads `proposals` of the settings; one balanced plan if there is no such setting. Throws sdk::error
/// CONFIGURATION_ERROR for a plan of what is not sold, or whose parts are not 100 percent.
std::vector<media_plan> read_plans(json::object const& settings, sales::catalogue const& products);

/// The plan as it can be bought of what is offered, or nothing: one of its products is not. `offered`: the answer of
/// get_products.
std::optional<std::vector<allocation>> allocate(media_plan const& plan, json::array const& offered,
                                                sales::catalogue const& products);

/// Whether there is a price without a bid, which a plan has none of.
bool can_be_bought(sales::pricing_option const& option);

/// A total in parts that come to it exactly, in proportion to weights that are not negative and not all zero. Parts
/// are multiples of `step` but for the one of the greatest weight, which has what is left.
std::vector<std::int64_t> split(std::int64_t total, std::vector<std::int64_t> const& weights, std::int64_t step);

}  // namespace tenon::sandbox_seller
