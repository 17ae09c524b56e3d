#pragma once

#include "media_plan.hpp"

#include "../sales/dates.hpp"

namespace tenon::sandbox_seller {

/// The proposals that one buyer got, as they are kept: a JSON document, and what it says. Pure functions of it and of
/// the clock.
///
///     {ID: {"plan", "status": "draft" | "committed", "expires", "io_id",
///           "allocations": [{"product_id", "pricing_option_id", "share", "currency", "model", "rate", "minimum"}]}}
///
/// A draft has the prices of the day. One that is committed has its own (currency, model, and millionths), and can be
/// bought, also more than once, until it expires; then it is committed anew, or another one is made. One with a product
/// that is not sold any more, or not by that model and in that currency, is neither listed nor bought.
///
/// Source      AdCP 3.0.6, core/proposal.json, media-buy/get-products-request.json ("refine").
class proposal_book {
 public:
  proposal_book() = default;
  explicit proposal_book(json::object document) : document_(std::move(document)) {}

  json::object const& document() const { return document_; }

  /// Puts the plans' proposals into the answer of get_products to a brief: what is committed already, or a draft.
  void offer(json::object& answer, std::vector<media_plan> const& plans, sales::catalogue const& products,
             sales::instant now);

  /// Applies a refinement to the proposals, as far as it is about them, and puts those it names, or all, into the
  /// answer of get_products. Products that are left out go from drafts, and a draft goes with its last one; what is
  /// committed keeps them, and the answer says so. Throws sdk::error: REFERENCE_NOT_FOUND when there is none to
  /// finalize, PROPOSAL_EXPIRED for one whose time is over and that is not finalized again, PRODUCT_NOT_FOUND and
  /// PRODUCT_UNAVAILABLE when its products cannot be bought any more.
  void refine(json::object const& request, json::object& answer, std::vector<media_plan> const& plans,
              sales::catalogue const& products, sales::instant now);

  /// A part of a proposal that is bought.
  struct bought_part {
    allocation part;
    sales::money budget;
    sales::pricing_option terms;  ///< at a fixed price
  };
  /// What a create_media_buy request with its proposal_id buys. Throws sdk::error with the path of what is wrong:
  /// REFERENCE_NOT_FOUND, PROPOSAL_NOT_COMMITTED, PROPOSAL_EXPIRED, IO_REQUIRED, INVALID_REQUEST, PRODUCT_NOT_FOUND,
  /// PRODUCT_UNAVAILABLE, BUDGET_TOO_LOW.
  std::vector<bought_part> buy(json::object const& request, sales::catalogue const& products, sales::instant now) const;

 private:
  json::object* find(std::string const& proposal_id);
  std::optional<std::string> offer_one(media_plan const& plan, json::array const& offered,
                                       sales::catalogue const& products, sales::instant now);
  json::object describe(std::string const& proposal_id, std::vector<media_plan> const& plans,
                        sales::catalogue const& products) const;
  bool is_over(json::object const& proposal, sales::instant now) const;
  void commit(std::string const& proposal_id, std::vector<media_plan> const& plans, sales::catalogue const& products,
              sales::instant now, std::string const& path);
  void leave_out(std::string const& product_id);
  json::object apply(json::object const& ask, std::vector<media_plan> const& plans, sales::catalogue const& products,
                     sales::instant now, std::string const& path);
  void forget_old(sales::instant now);

  json::object document_;
};

}  // namespace tenon::sandbox_seller
