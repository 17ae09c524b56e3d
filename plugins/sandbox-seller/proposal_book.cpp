#include "proposal_book.hpp"

#include "../sales/buy.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>

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

// What a part costs: the price of the day, or, once it is committed, its own, for as long as the product is sold by
// that model and in that currency. Nothing: it is not sold.
std::optional<sales::pricing_option> terms_of(json::object const& part, sales::catalogue const& products) {
  auto const* sold = products.find(sales::upstream_text(part, "product_id"));
  auto const* today = sold == nullptr ? nullptr : sold->price(sales::upstream_text(part, "pricing_option_id"));
  if (today == nullptr) {
    return std::nullopt;
  }
  if (sales::find(part, "rate") == nullptr) {
    return can_be_bought(*today) ? std::optional(*today) : std::nullopt;
  }
  auto const model = sales::pricing_model_from(sales::upstream_text(part, "model"));
  if (model != today->model || sales::upstream_text(part, "currency") != today->currency) {
    return std::nullopt;
  }
  auto firm = *today;
  firm.floor.reset();
  firm.fixed = sales::money{sales::upstream_integer(part, "rate")};
  firm.minimum_spend = sales::money{sales::upstream_integer(part, "minimum")};
  return firm;
}

// Of every part of the allocations. PRODUCT_NOT_FOUND or PRODUCT_UNAVAILABLE if they cannot be bought together.
std::vector<sales::pricing_option> required_terms(json::array const& allocations, sales::catalogue const& products,
                                                  std::string const& path) {
  std::vector<sales::pricing_option> all;
  for (auto const& each : allocations) {
    auto const id = sales::upstream_text(each.as_object(), "product_id");
    if (products.find(id) == nullptr) {
      throw sdk::error("PRODUCT_NOT_FOUND", "Product " + id + " of the proposal is not sold any more").field(path);
    }
    auto terms = terms_of(each.as_object(), products);
    if (!terms || (!all.empty() && terms->currency != all.front().currency)) {
      throw sdk::error("PRODUCT_UNAVAILABLE", "Product " + id + " is not sold any more on the terms of the proposal")
          .field(path)
          .suggestion("Finalize it again, or ask for products with a new brief");
    }
    all.push_back(*std::move(terms));
  }
  return all;
}

bool is_sold(json::object const& proposal, sales::catalogue const& products) {
  try {
    required_terms(sales::upstream_array(proposal, "allocations"), products, {});
    return true;
  } catch (sdk::error const&) {
    return false;
  }
}

std::int64_t up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step; }

// In cents: the option's minimum, and one unit, which of a flat rate is all there is.
std::int64_t least_part(sales::pricing_option const& option) {
  auto const rate = option.fixed ? *option.fixed : option.floor.value_or(sales::money{});
  auto const by_thousands = option.model == sales::pricing_model::cpm || option.model == sales::pricing_model::vcpm;
  auto const unit = up(rate.micros, by_thousands ? 1000 : 1);
  return std::max<std::int64_t>({1, up(unit, cent), up(option.minimum_spend.value_or(sales::money{}).micros, cent)});
}

// The least total, in whole cents, of which every part is what its product needs.
sales::money least_budget(std::vector<allocation> const& parts, std::vector<sales::pricing_option> const& terms) {
  std::int64_t least = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    least = std::max(least, up(least_part(terms[i]) * whole_budget, parts[i].share));
  }
  return {least * cent};
}

bool lists(json::array const& listed, std::string const& product_id) {
  return std::any_of(listed.begin(), listed.end(), [&](json::value const& each) {
    return sales::upstream_text(each.as_object(), "product_id") == product_id;
  });
}

bool fits(json::object const& proposal, json::array const& offered, sales::catalogue const& products) {
  auto const parts = parts_of(proposal);
  return is_sold(proposal, products) && std::all_of(parts.begin(), parts.end(), [&](allocation const& part) {
           return lists(offered, part.product_id);
         });
}

void list_products(json::object& answer, std::vector<allocation> const& parts, sales::catalogue const& products) {
  auto& listed = answer["products"].as_array();
  for (auto const& part : parts) {
    auto const* sold = products.find(part.product_id);
    if (sold != nullptr && !lists(listed, part.product_id)) {
      listed.push_back(products.describe(*sold));
    }
  }
}

// Products that were to be left out, and that a listed proposal keeps.
void note_kept(json::object& answer, json::array const& asks) {
  for (std::size_t i = 0; i < asks.size(); ++i) {
    auto const& ask = asks[i].as_object();
    if (sales::upstream_text(ask, "scope") == "product" && sales::upstream_text(ask, "action") == "omit" &&
        lists(answer["products"].as_array(), sales::upstream_text(ask, "product_id"))) {
      auto& applied = answer["refinement_applied"].as_array()[i].as_object();
      applied["status"] = "partial";
      applied["notes"] = "It is left out of drafts; what is committed keeps it.";
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

/// Drafts of a plan replace each other under one id. An id that was committed keeps its meaning until it is forgotten:
/// when that one is over, or is not what the brief asks for, the plan's next one has another id.
std::optional<std::string> proposal_book::offer_one(media_plan const& plan, json::array const& offered,
                                                    sales::catalogue const& products, sales::instant now) {
  auto const parts = allocate(plan, offered, products);
  json::object draft{{"plan", plan.id}, {"status", "draft"}};
  draft["allocations"] = written(parts.value_or(std::vector<allocation>()));
  if (!parts || !is_sold(draft, products)) {
    return std::nullopt;
  }
  auto const is_of_use = [&](json::object const& held) {
    return sales::upstream_text(held, "plan") == plan.id &&
           (!is_committed(held) || (!is_over(held, now) && fits(held, offered, products)));
  };
  auto id = plan.id;
  for (int next = 2; find(id) != nullptr && !is_of_use(*find(id)); ++next) {
    id = plan.id + "-" + std::to_string(next);
  }
  auto const* held = find(id);
  if (held == nullptr || !is_committed(*held)) {
    document_[id] = std::move(draft);
  }
  return id;
}

void proposal_book::offer(json::object& answer, std::vector<media_plan> const& plans, sales::catalogue const& products,
                          sales::instant now) {
  forget_old(now);
  json::array proposals;
  for (auto const& plan : plans) {
    if (auto const id = offer_one(plan, answer["products"].as_array(), products, now)) {
      proposals.push_back(describe(*id, plans, products));
    }
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
  auto const terms = required_terms(sales::upstream_array(held, "allocations"), products, {});
  out["total_budget_guidance"] =
      json::object{{"min", sales::amount_of(least_budget(parts, terms))}, {"currency", terms.front().currency}};
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
  if (is_committed(held) && !is_over(held, now) && is_sold(held, products)) {
    return;
  }
  auto allocations = written(parts_of(held));
  auto const terms = required_terms(allocations, products, path);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    auto& firm = allocations[i].as_object();
    firm["currency"] = terms[i].currency;
    firm["model"] = sales::name_of(terms[i].model);
    firm["rate"] = sales::price_of(terms[i], std::nullopt, path).micros;
    firm["minimum"] = terms[i].minimum_spend.value_or(sales::money{}).micros;
  }
  held["allocations"] = std::move(allocations);
  held["status"] = "committed";
  held["expires"] = sales::format_instant(now + hold);
  if (auto const* plan = plan_of(held, plans); plan != nullptr && plan->needs_signature) {
    held["io_id"] = "io-" + proposal_id;
  }
}

void proposal_book::leave_out(std::string const& product_id) {
  std::vector<std::string> emptied;
  for (auto& [id, value] : document_) {
    auto& held = value.as_object();
    auto parts = parts_of(held);
    auto const had = parts.size();
    std::erase_if(parts, [&](allocation const& each) { return each.product_id == product_id; });
    if (is_committed(held) || parts.size() == had) {
      continue;
    }
    if (parts.empty()) {
      emptied.emplace_back(id);
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
  for (auto const& id : emptied) {
    document_.erase(id);
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
    out["notes"] = "There is no such proposal, or nothing is left of it.";
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
  } else if (action != "omit" && !is_sold(*find(id), products)) {
    out["status"] = "unable";
    out["notes"] = "A product of it is not sold any more on its terms.";
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
    auto const& held = value.as_object();
    auto const listed = names_any ? std::find(named.begin(), named.end(), id) != named.end() : !is_over(held, now);
    if (listed && std::find(omitted.begin(), omitted.end(), id) == omitted.end() && is_sold(held, products)) {
      list_products(answer, parts_of(held), products);
      proposals.push_back(describe(id, plans, products));
    }
  }
  answer["proposals"] = std::move(proposals);
  if (asks != nullptr) {
    note_kept(answer, *asks);
  }
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
  auto const terms = required_terms(sales::upstream_array(held, "allocations"), products, "proposal_id");
  auto const& currency = terms.front().currency;
  if (currency != sales::required_text(*total, "currency", "total_budget")) {
    throw sdk::error("INVALID_REQUEST", "The proposal is in " + currency).field("total_budget.currency");
  }
  if (auto const least = least_budget(parts, terms); *amount < least) {
    throw sdk::error("BUDGET_TOO_LOW", "The total budget is below what the products of the proposal need")
        .field("total_budget")
        .details({{"minimum_budget", sales::amount_of(least)}, {"currency", currency}});
  }
  std::vector<std::int64_t> weights;
  for (auto const& part : parts) {
    weights.push_back(part.share);
  }
  auto const budgets = split(amount->micros, weights, cent);
  std::vector<bought_part> bought;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    bought.push_back({parts[i], {budgets[i]}, terms[i]});
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

}  // namespace tenon::sandbox_seller
