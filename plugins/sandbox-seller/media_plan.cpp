#include "media_plan.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace tenon::sandbox_seller {
namespace {

constexpr std::size_t most_equal_parts = 20;

[[noreturn]] void misconfigured(std::string const& what) { throw sdk::errors::configuration_error(what); }

allocation read_allocation(json::object const& source, std::string const& path, sales::catalogue const& products) {
  allocation made;
  made.product_id = sales::required_text(source, "product_id", path);
  made.pricing_option_id = sales::required_text(source, "pricing_option_id", path);
  auto const* sold = products.find(made.product_id);
  if (sold == nullptr || sold->price(made.pricing_option_id) == nullptr) {
    misconfigured(path + ": expected a product and a pricing option of products, found \"" + made.product_id +
                  "\" and \"" + made.pricing_option_id + "\"");
  }
  auto const percentage = sales::number_at(source, "allocation_percentage", path).value_or(0);
  if (!(percentage >= 0.01 && percentage <= 100)) {
    misconfigured(path + ".allocation_percentage: expected 0.01 to 100");
  }
  made.share = std::llround(percentage * 100);
  return made;
}

std::string const& currency_of(allocation const& part, sales::catalogue const& products) {
  return products.find(part.product_id)->price(part.pricing_option_id)->currency;
}

media_plan read_plan(json::object const& source, std::string const& path, sales::catalogue const& products) {
  media_plan plan;
  plan.id = sales::required_text(source, "proposal_id", path);
  plan.name = sales::text_at(source, "name", path).value_or(plan.id);
  plan.description = sales::text_at(source, "description", path).value_or("");
  plan.needs_signature = sales::flag_at(source, "requires_signature", path).value_or(false);
  auto const* parts = sales::array_at(source, "allocations", path);
  std::int64_t whole = 0;
  for (std::size_t i = 0; parts != nullptr && i < parts->size(); ++i) {
    auto const where = sales::path_of(sales::path_of(path, "allocations"), i);
    plan.allocations.push_back(read_allocation(sales::as_object((*parts)[i], where), where, products));
    whole += plan.allocations.back().share;
    if (currency_of(plan.allocations[i], products) != currency_of(plan.allocations[0], products)) {
      misconfigured(where + ": expected the currency of the first allocation");
    }
  }
  if (parts != nullptr && whole != whole_budget) {
    misconfigured(path + ".allocations: expected percentages that come to 100, found " +
                  std::to_string(static_cast<double>(whole) / 100));
  }
  return plan;
}

/// Of a product in equal parts: its first fixed price, or its first.
sales::pricing_option const& usual_price(sales::product const& sold) {
  auto const fixed = std::find_if(sold.pricing.begin(), sold.pricing.end(),
                                  [](sales::pricing_option const& each) { return each.fixed.has_value(); });
  return fixed == sold.pricing.end() ? sold.pricing.front() : *fixed;
}

std::vector<allocation> equal_parts(json::array const& offered, sales::catalogue const& products) {
  std::vector<allocation> parts;
  std::string currency;
  for (auto const& each : offered) {
    auto const* sold = products.find(sales::upstream_text(each.as_object(), "product_id"));
    if (sold == nullptr) {
      continue;
    }
    auto const& option = usual_price(*sold);
    if (!can_be_bought(option) || (!currency.empty() && option.currency != currency)) {
      continue;
    }
    currency = option.currency;
    parts.push_back({sold->id, option.id, 0});
    if (parts.size() == most_equal_parts) {
      break;
    }
  }
  if (!parts.empty()) {
    auto const shares = split(whole_budget, std::vector<std::int64_t>(parts.size(), 1), 1);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i].share = shares[i];
    }
  }
  return parts;
}

}  // namespace

std::vector<media_plan> read_plans(json::object const& settings, sales::catalogue const& products) {
  auto const* listed = sales::array_at(settings, "proposals");
  if (listed == nullptr) {
    return {{.id = "balanced", .name = "Balanced", .description = "Equal parts of what fits"}};
  }
  std::vector<media_plan> plans;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < listed->size(); ++i) {
    auto const path = sales::path_of("proposals", i);
    plans.push_back(read_plan(sales::as_object((*listed)[i], path), path, products));
    if (!ids.insert(plans.back().id).second) {
      misconfigured(path + ".proposal_id: expected one of its own, found \"" + plans.back().id + "\" again");
    }
  }
  return plans;
}

std::optional<std::vector<allocation>> allocate(media_plan const& plan, json::array const& offered,
                                                sales::catalogue const& products) {
  if (plan.allocations.empty()) {
    auto parts = equal_parts(offered, products);
    return parts.empty() ? std::nullopt : std::optional(std::move(parts));
  }
  for (auto const& part : plan.allocations) {
    auto const is_it = [&](json::value const& each) {
      return sales::upstream_text(each.as_object(), "product_id") == part.product_id;
    };
    auto const* sold = products.find(part.product_id);
    auto const* option = sold == nullptr ? nullptr : sold->price(part.pricing_option_id);
    if (option == nullptr || !can_be_bought(*option) || std::none_of(offered.begin(), offered.end(), is_it)) {
      return std::nullopt;
    }
  }
  return plan.allocations;
}

bool can_be_bought(sales::pricing_option const& option) {
  auto const price = option.fixed ? option.fixed : option.floor;
  return price && price->micros > 0;
}

std::vector<std::int64_t> split(std::int64_t total, std::vector<std::int64_t> const& weights, std::int64_t step) {
  auto const whole = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  std::vector<std::int64_t> parts;
  auto left = total;
  for (auto const weight : weights) {
    auto const part = total / whole * weight + total % whole * weight / whole;  // a product of both may be too large
    parts.push_back(part - part % step);
    left -= parts.back();
  }
  auto const greatest = std::max_element(weights.begin(), weights.end()) - weights.begin();
  parts[static_cast<std::size_t>(greatest)] += left;
  return parts;
}

}  // namespace tenon::sandbox_seller
