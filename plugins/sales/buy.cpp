#include "buy.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <array>

namespace tenon::sales {
namespace {

using sdk::error;

// Clocks differ: a start this little past is meant as now.
constexpr std::chrono::minutes tolerated_past{5};

// Members of a package that change what is delivered or billed and that neither ad server can honour.
void refuse_unsupported(json::object const& source, std::string const& path) {
  for (std::string_view const member : {"optimization_goals", "catalogs", "performance_standards"}) {
    auto const* value = find(source, member);
    if (value != nullptr && !(value->is_array() && value->get_array().empty())) {
      throw error("UNSUPPORTED_FEATURE", std::string(member) + " cannot be honoured by this seller")
          .field(path_of(path, member));
    }
  }
}

// The seller bills on the ad server's own count. Terms that leave room for that are kept with the buy, others are
// refused.
void check_terms(json::object const& source, std::string const& path) {
  auto const* terms = object_at(source, "measurement_terms", path);
  auto const where = path_of(path, "measurement_terms");
  auto const* billing = terms == nullptr ? nullptr : object_at(*terms, "billing_measurement", where);
  if (billing == nullptr) {
    return;
  }
  constexpr double least_variance = 5;
  auto const variance = number_at(*billing, "max_variance_percent", where);
  auto const window = text_at(*billing, "measurement_window", where).value_or("");
  if ((variance && *variance < least_variance) || window == "c30") {
    throw error("TERMS_REJECTED", "These measurement terms are not acceptable")
        .field(where)
        .suggestion("Accept a variance of at least 5 percent and a measurement window of at most c7");
  }
}

void check_formats(json::object const& source, product const& sold, std::string const& path) {
  auto const* wanted = array_at(source, "format_ids", path);
  if (wanted == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < wanted->size(); ++i) {
    auto const where = path_of(path_of(path, "format_ids"), i);
    auto const id = required_text(as_object((*wanted)[i], where), "id", where);
    auto const offered = [&](format const& item) { return item.id == id; };
    if (std::none_of(sold.formats.begin(), sold.formats.end(), offered)) {
      throw error("VALIDATION_ERROR", "Product " + sold.id + " does not offer format " + id).field(where);
    }
  }
}

void read_what_is_sold(package_plan& plan, json::object const& source, catalogue const& products) {
  auto const product_id = required_text(source, "product_id", plan.path);
  plan.sold = products.find(product_id);
  if (plan.sold == nullptr) {
    throw error("PRODUCT_NOT_FOUND", "There is no product " + product_id).field(path_of(plan.path, "product_id"));
  }
  auto const option_id = required_text(source, "pricing_option_id", plan.path);
  plan.option = plan.sold->price(option_id);
  if (plan.option == nullptr) {
    throw error("INVALID_PRICING_OPTION", "Product " + product_id + " has no pricing option " + option_id)
        .recovery(sdk::recovery::correctable)
        .field(path_of(plan.path, "pricing_option_id"));
  }
}

void read_money(package_plan& plan, json::object const& source) {
  auto const budget = money_at(source, "budget", plan.path);
  if (!budget) {
    throw error("VALIDATION_ERROR", "A package needs a budget").field(path_of(plan.path, "budget"));
  }
  plan.budget = *budget;
  plan.rate = price_of(*plan.option, money_at(source, "bid_price", plan.path), plan.path);
  auto minimum = plan.option->minimum_spend.value_or(money{});
  if (plan.option->model == pricing_model::flat_rate) {
    minimum = std::max(minimum, plan.rate);
  }
  if (plan.budget.micros == 0 || plan.budget < minimum) {
    throw error("BUDGET_TOO_LOW", "The budget is below what this product needs")
        .field(path_of(plan.path, "budget"))
        .details({{"minimum_budget", amount_of(minimum)}, {"currency", plan.option->currency}});
  }
  plan.impressions = integer_at(source, "impressions", plan.path);
}

package_plan read_package(json::object const& source, std::string path, buy_plan const& buy, catalogue const& products,
                          instant now) {
  package_plan plan;
  plan.path = std::move(path);
  plan.source = source;
  read_what_is_sold(plan, source, products);
  refuse_unsupported(source, plan.path);
  check_terms(source, plan.path);
  check_formats(source, *plan.sold, plan.path);
  read_money(plan, source);
  plan.pace = read_pacing(source, plan.path);
  plan.start = std::max(instant_at(source, "start_time", plan.path, now).value_or(buy.start), buy.start);
  plan.end = instant_at(source, "end_time", plan.path, now).value_or(buy.end);
  if (plan.end <= plan.start || plan.end > buy.end) {
    throw error("INVALID_REQUEST", "A package must end after it starts and within its media buy")
        .field(path_of(plan.path, "end_time"));
  }
  plan.paused = flag_at(source, "paused", plan.path).value_or(false);
  if (auto const* overlay = object_at(source, "targeting_overlay", plan.path)) {
    plan.targeting = *overlay;
  }
  plan.assignments = read_assignments(source, plan.path);
  plan.creatives = read_creatives(source, plan.path, products);
  for (auto const& item : plan.creatives) {
    require_accepted(item, *plan.sold, path_of(plan.path, "creatives"));
  }
  return plan;
}

std::string read_brand(json::object const& request) {
  auto const* brand = find(request, "brand");
  if (brand == nullptr) {
    return {};
  }
  if (brand->is_string()) {
    return std::string(brand->get_string());
  }
  return text_at(as_object(*brand, "brand"), "domain", "brand").value_or("");
}

void read_flight(buy_plan& plan, json::object const& request, instant now, std::chrono::seconds lead) {
  auto const start = instant_at(request, "start_time", {}, now);
  auto const end = instant_at(request, "end_time", {}, now);
  if (!start || !end) {
    std::string const missing = start ? "end_time" : "start_time";
    throw error("VALIDATION_ERROR", "A media buy needs a " + missing).field(missing);
  }
  if (*start < now - tolerated_past) {
    throw error("INVALID_REQUEST", "start_time is in the past")
        .field("start_time")
        .suggestion("Use \"asap\" to start now");
  }
  if (*end <= *start) {
    throw error("INVALID_REQUEST", "end_time must be after start_time").field("end_time");
  }
  plan.start = std::max(*start, now + lead);
  plan.end = *end;
  if (plan.end <= plan.start) {
    throw error("INVALID_REQUEST", "end_time is too close to be delivered by").field("end_time");
  }
}

}  // namespace

void note_buyer(buy_plan& plan, std::string const& buyer) {
  for (auto& package : plan.packages) {
    package.buyer = buyer;
  }
}

void start_no_earlier(buy_plan& plan, instant first) {
  plan.start = std::max(plan.start, first);
  for (auto& package : plan.packages) {
    package.start = std::max(package.start, first);
    if (package.end <= package.start) {
      throw error("INVALID_REQUEST", "end_time is too close to be delivered by")
          .field(path_of(package.path, "end_time"));
    }
  }
}

std::optional<money> money_at(json::object const& source, std::string_view key, std::string const& path) {
  auto const number = number_at(source, key, path);
  if (!number) {
    return std::nullopt;
  }
  auto const value = money_from(*number);
  if (!value || value->micros < 0) {
    throw error("VALIDATION_ERROR", path_of(path, key) + " must be between 0 and a billion").field(path_of(path, key));
  }
  return value;
}

std::optional<instant> instant_at(json::object const& source, std::string_view key, std::string const& path,
                                  instant now) {
  auto const text = text_at(source, key, path);
  if (!text) {
    return std::nullopt;
  }
  if (*text == "asap") {
    return now;
  }
  auto const moment = parse_instant(*text);
  if (!moment) {
    throw error("VALIDATION_ERROR", path_of(path, key) + " must be a date and time as in 2026-12-01T05:00:00Z")
        .field(path_of(path, key));
  }
  return moment;
}

money price_of(pricing_option const& option, std::optional<money> bid, std::string const& path) {
  if (option.fixed) {
    return *option.fixed;
  }
  auto const where = path_of(path, "bid_price");
  if (!bid) {
    if (option.floor && option.floor->micros > 0) {
      return *option.floor;
    }
    throw error("INVALID_REQUEST", "Pricing option " + option.id + " is an auction and needs a bid_price").field(where);
  }
  if (bid->micros == 0 || (option.floor && *bid < *option.floor)) {
    throw error("INVALID_REQUEST", "The bid is below the floor of pricing option " + option.id)
        .field(where)
        .details({{"floor_price", amount_of(option.floor.value_or(money{}))}, {"currency", option.currency}});
  }
  return *bid;
}

pacing read_pacing(json::object const& source, std::string const& path) {
  auto const name = text_at(source, "pacing", path).value_or("even");
  if (name == "even") {
    return pacing::even;
  }
  if (name == "asap") {
    return pacing::asap;
  }
  if (name == "front_loaded") {
    return pacing::front_loaded;
  }
  throw error("VALIDATION_ERROR", "pacing must be even, asap or front_loaded").field(path_of(path, "pacing"));
}

std::vector<assignment> read_assignments(json::object const& source, std::string const& path) {
  std::vector<assignment> all;
  auto const* listed = array_at(source, "creative_assignments", path);
  for (std::size_t i = 0; listed != nullptr && i < listed->size(); ++i) {
    auto const where = path_of(path_of(path, "creative_assignments"), i);
    auto const& entry = as_object((*listed)[i], where);
    if (auto const* placements = array_at(entry, "placement_ids", where);
        placements != nullptr && !placements->empty()) {
      throw error("UNSUPPORTED_FEATURE", "Creatives cannot be assigned to single placements")
          .field(path_of(where, "placement_ids"));
    }
    auto creative_id = required_text(entry, "creative_id", where);
    if (creative_id.size() > longest_creative_id) {
      throw error("VALIDATION_ERROR", "creative_id is longer than 255 characters").field(path_of(where, "creative_id"));
    }
    all.push_back(assignment{std::move(creative_id), number_at(entry, "weight", where)});
  }
  return all;
}

std::vector<creative> read_creatives(json::object const& source, std::string const& path, catalogue const& products) {
  std::vector<creative> all;
  auto const* listed = array_at(source, "creatives", path);
  for (std::size_t i = 0; listed != nullptr && i < listed->size(); ++i) {
    auto const where = path_of(path_of(path, "creatives"), i);
    all.push_back(read_creative(as_object((*listed)[i], where), where, products));
  }
  return all;
}

std::int64_t goal_of(money budget, money rate, pricing_model model, std::optional<std::int64_t> impressions,
                     std::string const& path) {
  auto units = units_bought(budget, rate, model);
  if (impressions && model != pricing_model::cpc) {
    if (*impressions > units) {
      throw error("BUDGET_TOO_LOW", "The budget does not pay for that many impressions")
          .field(path_of(path, "impressions"))
          .details({{"affordable_impressions", units}});
    }
    units = *impressions;
  }
  if (units < 1) {
    throw error("BUDGET_TOO_LOW", "The budget buys nothing at this price").field(path_of(path, "budget"));
  }
  return units;
}

buy_plan read_buy(json::object const& request, catalogue const& products, instant now, std::chrono::seconds lead) {
  buy_plan plan;
  if (find(request, "proposal_id") != nullptr) {
    throw error("UNSUPPORTED_FEATURE", "Proposals are not sold here").field("proposal_id");
  }
  plan.brand = read_brand(request);
  plan.po_number = text_at(request, "po_number").value_or("");
  read_flight(plan, request, now, lead);
  auto const* packages = array_at(request, "packages");
  if (packages == nullptr || packages->empty()) {
    throw error("VALIDATION_ERROR", "A media buy needs at least one package").field("packages");
  }
  for (std::size_t i = 0; i < packages->size(); ++i) {
    auto path = path_of("packages", i);
    auto const& source = as_object((*packages)[i], path);
    plan.packages.push_back(read_package(source, std::move(path), plan, products, now));
    if (plan.packages.back().option->currency != plan.packages.front().option->currency) {
      throw error("INVALID_REQUEST", "The packages of a media buy must be in one currency")
          .field(path_of(path_of("packages", i), "pricing_option_id"));
    }
  }
  return plan;
}

}  // namespace tenon::sales
