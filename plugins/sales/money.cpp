#include "money.hpp"

#include <cmath>
#include <limits>

namespace tenon::sales {
namespace {

constexpr std::int64_t micros_per_unit = 1'000'000;
constexpr double largest_amount = 1e9;  // keeps every product below within 64 bits

std::int64_t units_per_rate(pricing_model model) { return model == pricing_model::cpc ? 1 : 1000; }

}  // namespace

std::optional<money> money_from(double amount) {
  if (!std::isfinite(amount) || std::abs(amount) > largest_amount) {
    return std::nullopt;
  }
  return money{std::llround(amount * static_cast<double>(micros_per_unit))};
}

double amount_of(money value) { return static_cast<double>(value.micros) / static_cast<double>(micros_per_unit); }

std::optional<pricing_model> pricing_model_from(std::string_view name) {
  for (auto model : {pricing_model::cpm, pricing_model::vcpm, pricing_model::cpc, pricing_model::flat_rate}) {
    if (name_of(model) == name) {
      return model;
    }
  }
  return std::nullopt;
}

std::string_view name_of(pricing_model model) {
  switch (model) {
    case pricing_model::cpm: return "cpm";
    case pricing_model::vcpm: return "vcpm";
    case pricing_model::cpc: return "cpc";
    case pricing_model::flat_rate: return "flat_rate";
  }
  return "cpm";
}

std::int64_t units_bought(money budget, money rate, pricing_model model) {
  if (model == pricing_model::flat_rate || rate.micros <= 0 || budget.micros <= 0) {
    return 0;
  }
  // Quotient and remainder apart: budget * 1000 may not fit, quotient * 1000 does.
  auto const per = units_per_rate(model);
  auto const whole = budget.micros / rate.micros;
  auto const rest = budget.micros % rate.micros;
  return whole * per + rest * per / rate.micros;
}

money cost_of(std::int64_t units, money rate, pricing_model model) {
  if (units <= 0 || rate.micros <= 0) {
    return {};
  }
  auto const per = units_per_rate(model);
  auto const whole = units / per;
  if (whole > std::numeric_limits<std::int64_t>::max() / 2 / rate.micros) {
    return {std::numeric_limits<std::int64_t>::max() / 2};
  }
  return {whole * rate.micros + (units % per) * rate.micros / per};
}

std::int64_t whole_units_up(money value) {
  auto const whole = value.micros / micros_per_unit;
  return value.micros % micros_per_unit > 0 ? whole + 1 : whole;
}

}  // namespace tenon::sales
