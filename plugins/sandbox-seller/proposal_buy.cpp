#include "proposal_buy.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>

namespace tenon::sandbox_seller {
namespace {

json::object written(sales::pricing_option const& terms) {
  json::object out{{"pricing_option_id", terms.id},
                   {"pricing_model", sales::name_of(terms.model)},
                   {"currency", terms.currency},
                   {"rate", sales::amount_of(terms.fixed.value_or(sales::money{}))}};
  if (terms.minimum_spend) {
    out["min_spend"] = sales::amount_of(*terms.minimum_spend);
  }
  return out;
}

void set_terms(json::object& product, sales::pricing_option const& terms) {
  for (auto& each : product["pricing_options"].as_array()) {
    if (sales::upstream_text(each.as_object(), "pricing_option_id") == terms.id) {
      each = written(terms);
    }
  }
}

// Which part each package of the request is for, in the request's order, and then the parts that it does not name. So
// a package of the request keeps its index, and errors that name it name what the buyer sent.
std::vector<std::size_t> parts_by_package(json::array const& given,
                                          std::vector<proposal_book::bought_part> const& parts) {
  std::vector<std::size_t> order;
  auto const is_taken = [&](std::size_t part) { return std::find(order.begin(), order.end(), part) != order.end(); };
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto const path = sales::path_of("packages", i);
    auto const id = sales::upstream_text(sales::as_object(given[i], path), "product_id");
    std::size_t part = 0;
    while (part < parts.size() && (is_taken(part) || parts[part].part.product_id != id)) {
      ++part;
    }
    if (part == parts.size()) {
      throw sdk::error("INVALID_REQUEST", "The proposal has no such product").field(sales::path_of(path, "product_id"));
    }
    order.push_back(part);
  }
  for (std::size_t part = 0; part < parts.size(); ++part) {
    if (!is_taken(part)) {
      order.push_back(part);
    }
  }
  return order;
}

}  // namespace

sales::catalogue at_firm_prices(sales::catalogue const& products,
                                std::vector<proposal_book::bought_part> const& parts) {
  json::array all;
  for (auto const& sold : products.products()) {
    auto product = sold.source;
    for (auto const& bought : parts) {
      if (bought.part.product_id == sold.id) {
        set_terms(product, bought.terms);
      }
    }
    all.push_back(std::move(product));
  }
  return sales::catalogue(json::object{{"products", std::move(all)}});
}

sales::buy_plan read_proposal_buy(json::object const& request, std::vector<proposal_book::bought_part> const& parts,
                                  sales::catalogue const& firm, sales::instant now) {
  auto const* sent = sales::array_at(request, "packages");
  auto const given = sent == nullptr ? json::array() : *sent;
  auto const order = parts_by_package(given, parts);
  json::array packages;
  for (std::size_t i = 0; i < order.size(); ++i) {
    auto const& bought = parts[order[i]];
    auto package = i < given.size() ? given[i].as_object() : json::object();
    package.erase("bid_price");
    package["product_id"] = bought.part.product_id;
    package["pricing_option_id"] = bought.part.pricing_option_id;
    package["budget"] = sales::amount_of(bought.budget);
    packages.push_back(std::move(package));
  }
  auto made = request;
  made["packages"] = std::move(packages);
  made.erase("proposal_id");
  auto plan = sales::read_buy(made, firm, now, std::chrono::seconds{0});
  auto read = std::move(plan.packages);
  plan.packages.assign(read.size(), {});
  for (std::size_t i = 0; i < order.size(); ++i) {
    plan.packages[order[i]] = std::move(read[i]);
  }
  return plan;
}

}  // namespace tenon::sandbox_seller
