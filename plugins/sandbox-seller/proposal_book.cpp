#include "proposal_book.hpp"

#include "../sales/buy.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <cmath>

namespace tenon::sandbox_seller {
namespace {

constexpr std::chrono::hours hold{24};  // how long what is committed can be bought
constexpr std::chrono::hours remembered{24 * 30};
constexpr std::int64_t cent = 10'000;

sdk::error no_such_proposal(std::string const& path) {
  return sdk::error("REFERENCE_NOT_FOUND", "There is no such proposal").field(path);
}

sdk::error expired(std::string const& path) {
  return sdk::error("PROPOSAL_EXPIRED", "The proposal has expired")
      .field(path)
      .suggestion("Finalize it again, or ask for products with a new brief");
}

json::array written(std::vector<allocation> const& parts) {
  json::array all;
  for (auto const& each : parts) {
    all.push_back(json::object{
        {"product_id", each.product_id}, {"pricing_option_id", each.pricing_option_id}, {"share", each.share}});
  }
  return all;
}

std::vector<allocation> parts_of(json::object const& proposal) {
  std::vector<allocation> all;
  for (auto const& each : sales::upstream_array(proposal, "allocations")) {
    auto const& part = each.as_object();
    all.push_back({sales::upstream_text(part, "product_id"), sales::upstream_text(part, "pricing_option_id"),
                   sales::upstream_integer(part, "share")});
  }
  return all;
}

bool is_committed(json::object const& proposal) { return sales::upstream_text(proposal, "status") == "committed"; }

sales::instant end_of(json::object const& proposal) {
  return sales::parse_instant(sales::upstream_text(proposal, "expires")).value_or(sales::instant{});
}

media_plan const* plan_of(json::object const& proposal, std::vector<media_plan> const& plans) {
  auto const id = sales::upstream_text(proposal, "plan");
  auto const found = std::find_if(plans.begin(), plans.end(), [&](media_plan const& each) { return each.id == id; });
  return found == plans.end() ? nullptr : &*found;
}

sales::pricing_option const* price_of(allocation const& part, sales::catalogue const& products) {
  auto const* sold = products.find(part.product_id);
  return sold == nullptr ? nullptr : sold->price(part.pricing_option_id);
}

// The least total of which every part is what its product needs, in whole cents.
double least_budget(std::vector<allocation> const& parts, sales::catalogue const& products) {
  double least = 0;
  for (auto const& part : parts) {
    auto const* option = price_of(part, products);
    auto const needed = option == nullptr ? sales::money{} : option->minimum_spend.value_or(sales::money{});
    least = std::max(least, sales::amount_of(needed) * whole_budget / static_cast<double>(part.share));
  }
  return std::ceil(least * 100) / 100;
}

void list_products(json::object& answer, std::vector<allocation> const& parts, sales::catalogue const& products) {
  auto& listed = answer["products"].as_array();
  for (auto const& part : parts) {
    auto const is_it = [&](json::value const& each) {
      return sales::upstream_text(each.as_object(), "product_id") == part.product_id;
    };
    auto const* sold = products.find(part.product_id);
    if (sold != nullptr && std::none_of(listed.begin(), listed.end(), is_it)) {
      listed.push_back(products.describe(*sold));
    }
  }
}

}  // namespace

json::object* proposal_book::find(std::string const& proposal_id) {
  auto* found = document_.if_contains(proposal_id);
  return found == nullptr ? nullptr : found->if_object();
}

bool proposal_book::is_over(json::object const& proposal, sales::instant now) const {
  return is_committed(proposal) && end_of(proposal) <= now;
}

/// What a buyer was told of an id stays true: after its proposal is over, the plan's next one has another id.
std::string proposal_book::offer_one(media_plan const& plan, std::vector<allocation> parts, sales::instant now) {
  auto id = plan.id;
  for (int next = 2; find(id) != nullptr && is_over(*find(id), now); ++next) {
    id = plan.id + "-" + std::to_string(next);
  }
  auto const* held = find(id);
  if (held == nullptr || !is_committed(*held)) {
    document_[id] = json::object{{"plan", plan.id}, {"status", "draft"}, {"allocations", written(parts)}};
  }
  return id;
}

void proposal_book::offer(json::object& answer, std::vector<media_plan> const& plans, sales::catalogue const& products,
                          sales::instant now) {
  forget_old(now);
  json::array proposals;
  auto const offered = answer["products"].as_array();
  for (auto const& plan : plans) {
    auto parts = allocate(plan, offered, products);
    if (!parts) {
      continue;
    }
    auto const id = offer_one(plan, std::move(*parts), now);
    list_products(answer, parts_of(*find(id)), products);
    proposals.push_back(describe(id, plans, products));
  }
  if (!proposals.empty()) {
    answer["proposals"] = std::move(proposals);
  }
}

json::object proposal_book::describe(std::string const& proposal_id, std::vector<media_plan> const& plans,
                                     sales::catalogue const& products) const {
  auto const& held = document_.at(proposal_id).as_object();
  auto const parts = parts_of(held);
  auto const* plan = plan_of(held, plans);
  json::array allocations;
  for (auto const& part : parts) {
    allocations.push_back(json::object{{"product_id", part.product_id},
                                       {"pricing_option_id", part.pricing_option_id},
                                       {"allocation_percentage", static_cast<double>(part.share) / 100}});
  }
  json::object out{{"proposal_id", proposal_id},
                   {"name", plan == nullptr ? proposal_id : plan->name},
                   {"allocations", std::move(allocations)},
                   {"proposal_status", sales::upstream_text(held, "status")}};
  if (plan != nullptr && !plan->description.empty()) {
    out["description"] = plan->description;
  }
  if (auto const least = least_budget(parts, products); least > 0) {
    out["total_budget_guidance"] =
        json::object{{"min", least}, {"currency", price_of(parts.front(), products)->currency}};
  }
  if (is_committed(held)) {
    out["expires_at"] = sales::upstream_text(held, "expires");
  }
  if (auto const io_id = sales::upstream_text(held, "io_id"); !io_id.empty()) {
    out["insertion_order"] = json::object{{"io_id", io_id}, {"requires_signature", true}};
  }
  return out;
}

void proposal_book::commit(std::string const& proposal_id, std::vector<media_plan> const& plans,
                           sales::catalogue const& products, sales::instant now, std::string const& path) {
  auto& held = *find(proposal_id);
  if (is_committed(held) && !is_over(held, now)) {
    return;
  }
  json::array allocations;
  for (auto const& part : parts_of(held)) {
    auto const* option = price_of(part, products);
    if (option == nullptr) {
      throw sdk::error("PRODUCT_NOT_FOUND", "Product " + part.product_id + " of the proposal is not sold any more")
          .field(path);
    }
    auto firm = written({part}).front().as_object();
    firm["rate"] = sales::price_of(*option, std::nullopt, path).micros;
    allocations.push_back(std::move(firm));
  }
  held["allocations"] = std::move(allocations);
  held["status"] = "committed";
  held["expires"] = sales::format_instant(now + hold);
  if (auto const* plan = plan_of(held, plans); plan != nullptr && plan->needs_signature) {
    held["io_id"] = "io-" + proposal_id;
  }
}

void proposal_book::leave_out(std::string const& product_id) {
  for (auto& [id, value] : document_) {
    auto& held = value.as_object();
    auto parts = parts_of(held);
    auto const had = parts.size();
    std::erase_if(parts, [&](allocation const& each) { return each.product_id == product_id; });
    if (is_committed(held) || parts.empty() || parts.size() == had) {
      continue;
    }
    std::vector<std::int64_t> weights;
    for (auto const& each : parts) {
      weights.push_back(each.share);
    }
    auto const shares = split(whole_budget, weights, 1);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i].share = shares[i];
    }
    held["allocations"] = written(parts);
  }
}

/// What comes of one entry that is about a proposal.
json::object proposal_book::apply(json::object const& ask, std::vector<media_plan> const& plans,
                                  sales::catalogue const& products, sales::instant now, std::string const& path) {
  auto const id = sales::required_text(ask, "proposal_id", path);
  auto const where = sales::path_of(path, "proposal_id");
  auto const action = sales::text_at(ask, "action", path).value_or("include");
  json::object out{{"scope", "proposal"}, {"proposal_id", id}, {"status", "applied"}};
  auto const* held = find(id);
  if (held == nullptr) {
    if (action == "finalize") {
      throw no_such_proposal(where);
    }
    out["status"] = "unable";
    out["notes"] = "There is no such proposal.";
    return out;
  }
  if (action == "finalize") {
    commit(id, plans, products, now, where);
  } else if (action != "omit" && is_over(*held, now)) {
    throw expired(where);
  }
  if (action != "omit" && sales::find(ask, "ask") != nullptr) {
    out["status"] = is_committed(*find(id)) ? "unable" : "partial";
    out["notes"] = is_committed(*find(id))
                       ? "What is committed stays as it is; ask for products with a new brief."
                       : "Wishes in words do not change it; products can be left out of it by their ids.";
  }
  if (action == "finalize") {
    out["status"] = "applied";
  }
  return out;
}

void proposal_book::refine(json::object const& request, json::object& answer, std::vector<media_plan> const& plans,
                           sales::catalogue const& products, sales::instant now) {
  auto const* asks = sales::array_at(request, "refine");
  std::vector<std::string> named;
  std::vector<std::string> omitted;
  bool names_any = false;
  for (std::size_t i = 0; asks != nullptr && i < asks->size(); ++i) {
    auto const path = sales::path_of("refine", i);
    auto const& ask = sales::as_object((*asks)[i], path);
    auto const scope = sales::upstream_text(ask, "scope");
    auto const action = sales::upstream_text(ask, "action");
    if (scope == "product" && action == "omit") {
      leave_out(sales::upstream_text(ask, "product_id"));
    }
  }
  for (std::size_t i = 0; asks != nullptr && i < asks->size(); ++i) {
    auto const path = sales::path_of("refine", i);
    auto const& ask = (*asks)[i].as_object();
    if (sales::upstream_text(ask, "scope") != "proposal") {
      continue;
    }
    answer["refinement_applied"].as_array()[i] = apply(ask, plans, products, now, path);
    auto const id = sales::upstream_text(ask, "proposal_id");
    auto const leaves = sales::upstream_text(ask, "action") == "omit";
    names_any = names_any || !leaves;
    (leaves ? omitted : named).push_back(id);
  }
  json::array proposals;
  for (auto const& [id, value] : document_) {
    auto const listed =
        names_any ? std::find(named.begin(), named.end(), id) != named.end() : !is_over(value.as_object(), now);
    if (listed && std::find(omitted.begin(), omitted.end(), id) == omitted.end()) {
      list_products(answer, parts_of(value.as_object()), products);
      proposals.push_back(describe(id, plans, products));
    }
  }
  answer["proposals"] = std::move(proposals);
}

std::vector<proposal_book::bought_part> proposal_book::buy(json::object const& request,
                                                           sales::catalogue const& products, sales::instant now) const {
  auto const id = sales::required_text(request, "proposal_id");
  auto const* found = document_.if_contains(id);
  if (found == nullptr) {
    throw no_such_proposal("proposal_id");
  }
  auto const& held = found->as_object();
  if (!is_committed(held)) {
    throw sdk::error("PROPOSAL_NOT_COMMITTED", "The proposal is a draft")
        .field("proposal_id")
        .suggestion("Finalize it: get_products with buying_mode refine and the action finalize");
  }
  if (is_over(held, now)) {
    throw expired("proposal_id");
  }
  auto const io_id = sales::upstream_text(held, "io_id");
  auto const* acceptance = sales::object_at(request, "io_acceptance");
  if (!io_id.empty() && acceptance == nullptr) {
    throw sdk::error("IO_REQUIRED", "The insertion order of the proposal has to be accepted").field("io_acceptance");
  }
  if (acceptance != nullptr && sales::required_text(*acceptance, "io_id", "io_acceptance") != io_id) {
    throw sdk::error("INVALID_REQUEST", "This is not the insertion order of the proposal").field("io_acceptance.io_id");
  }
  auto const* total = sales::object_at(request, "total_budget");
  auto const amount = total == nullptr ? std::nullopt : sales::money_at(*total, "amount", "total_budget");
  if (!amount) {
    throw sdk::error("VALIDATION_ERROR", "A proposal is bought with a total_budget").field("total_budget");
  }
  auto const parts = parts_of(held);
  std::vector<std::int64_t> weights;
  for (auto const& part : parts) {
    auto const* option = price_of(part, products);
    if (option != nullptr && option->currency != sales::required_text(*total, "currency", "total_budget")) {
      throw sdk::error("INVALID_REQUEST", "The proposal is in " + option->currency).field("total_budget.currency");
    }
    weights.push_back(part.share);
  }
  auto const budgets = split(amount->micros, weights, cent);
  std::vector<bought_part> bought;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto const firm = sales::upstream_array(held, "allocations")[i].as_object();
    bought.push_back({parts[i], {budgets[i]}, {sales::upstream_integer(firm, "rate")}});
  }
  return bought;
}

void proposal_book::forget_old(sales::instant now) {
  std::vector<std::string> old;
  for (auto const& [id, value] : document_) {
    if (is_committed(value.as_object()) && end_of(value.as_object()) + remembered <= now) {
      old.emplace_back(id);
    }
  }
  for (auto const& id : old) {
    document_.erase(id);
  }
}

json::object with_packages(json::object request, std::vector<proposal_book::bought_part> const& parts) {
  auto const given = sales::upstream_array(request, "packages");
  std::vector<bool> used(given.size(), false);
  json::array packages;
  for (auto const& bought : parts) {
    json::object package;
    for (std::size_t i = 0; i < given.size(); ++i) {
      auto const& said = sales::as_object(given[i], sales::path_of("packages", i));
      if (!used[i] && sales::upstream_text(said, "product_id") == bought.part.product_id) {
        package = said;
        used[i] = true;
        break;
      }
    }
    package.erase("bid_price");
    package["product_id"] = bought.part.product_id;
    package["pricing_option_id"] = bought.part.pricing_option_id;
    package["budget"] = sales::amount_of(bought.budget);
    packages.push_back(std::move(package));
  }
  if (auto const stray = std::find(used.begin(), used.end(), false); stray != used.end()) {
    auto const path = sales::path_of("packages", static_cast<std::size_t>(stray - used.begin()));
    throw sdk::error("INVALID_REQUEST", "The proposal has no such product").field(sales::path_of(path, "product_id"));
  }
  request["packages"] = std::move(packages);
  request.erase("proposal_id");
  return request;
}

}  // namespace tenon::sandbox_seller
