#pragma once

#include "proposal_book.hpp"

#include "../sales/buy.hpp"

/// How create_media_buy with a proposal_id becomes a plan of packages. Pure.
///
/// Source      AdCP 3.0.6, media-buy/create-media-buy-request.json ("proposal_id", "total_budget").
namespace tenon::sandbox_seller {

/// The products, at the terms of the parts that are bought in the place of those of the day.
sales::catalogue at_firm_prices(sales::catalogue const& products, std::vector<proposal_book::bought_part> const& parts);

/// Reads the packages of the parts, in their order, as sales::read_buy() does. What a package of the request says
/// beside price and budget, such as its creatives, goes to the part of its product; INVALID_REQUEST if there is none.
/// The paths of errors are those of the request. `firm`: of at_firm_prices(); the plan borrows from it.
sales::buy_plan read_proposal_buy(json::object const& request, std::vector<proposal_book::bought_part> const& parts,
                                  sales::catalogue const& firm, sales::instant now);

}  // namespace tenon::sandbox_seller
