#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::sales {

/// An amount in millionths of a currency unit: exact, unlike the JSON number it came from.
struct money {
  std::int64_t micros = 0;

  friend auto operator<=>(money const&, money const&) = default;
};

/// The nearest whole number of millionths. Amounts beyond a billion units, infinities and NaN are nullopt.
std::optional<money> money_from(double amount);

/// The amount as a JSON number, for answers.
double amount_of(money value);

/// How a package is paid for, as AdCP names it.
enum class pricing_model { cpm, vcpm, cpc, flat_rate };

std::optional<pricing_model> pricing_model_from(std::string_view name);
std::string_view name_of(pricing_model model);

/// How many units (impressions, viewable impressions, clicks) a budget buys at a rate. Rounded down, so that a paid
/// goal is never over-delivered; 0 when the budget buys none, when the rate is not positive, and for flat_rate, which
/// has no units.
std::int64_t units_bought(money budget, money rate, pricing_model model);

/// What that many units cost at a rate, rounded down.
money cost_of(std::int64_t units, money rate, pricing_model model);

/// The amount in whole units, rounded up: what a cap must be so that it never ends a package early.
std::int64_t whole_units_up(money value);

}  // namespace tenon::sales
