#pragma once

#include "library.hpp"
#include "orders.hpp"
#include "targeting.hpp"

#include "../sales/progress.hpp"

namespace tenon::gam {

/// create_media_buy: a draft order, its line items in one call, their creatives, and approval last, because only an
/// approved order can serve.
///
/// Every object carries a marker made of the idempotency key, and every step looks for it before and after a write of
/// unknown outcome: the same request sent again finishes what an earlier one began and books nothing twice. Once there
/// is something of a buy in the network, it is finished or undone: what the time of a call does not suffice for is
/// submitted and gone on with later (sales::progress).
class booking {
 public:
  booking(client& api, order_book& orders, creative_library& library, targeting_resolver& targeting,
          sales::awaited_creatives& awaited)
      : api_(api), orders_(orders), library_(library), targeting_(targeting), awaited_(awaited) {}

  sdk::task<json::object> create(json::object request, sdk::call_context call);

  // For sales::make_in_attempts().
  sdk::task<json::object> attempt(json::object request, sales::progress* going, sales::deadline until);
  sdk::task<bool> discard(sales::progress const* going, sales::deadline until);

 private:
  /// The order of a marker: made, or adopted from an earlier attempt.
  struct claimed_order {
    json::object order;
    bool adopted = false;

    std::string name() const { return sales::upstream_text(order, "name"); }
    bool is_draft() const { return sales::upstream_text(order, "status") == "DRAFT"; }
  };

  sdk::task<claimed_order> ensure_order(sales::buy_plan plan, sales::progress* going, sales::deadline until);
  sdk::task<json::object> find_order(std::string name, sales::deadline until);
  sdk::task<json::object> find_claimed(sales::progress const* going, sales::deadline until);
  sdk::task<void> complete(sales::buy_plan plan, std::vector<resolved_targeting> targets, claimed_order claimed,
                           sales::progress const* going, sales::deadline until);
  sdk::task<std::vector<std::string>> ensure_line_items(sales::buy_plan plan, std::vector<resolved_targeting> targets,
                                                        claimed_order claimed, std::string key, sales::deadline until);
  sdk::task<json::array> write_line_items(json::array requests, std::string order, sales::deadline until);
  /// Has the line items serve their creatives, and writes down which wait for some.
  sdk::task<void> give_creatives(sales::buy_plan plan, std::vector<std::string> line_items, claimed_order claimed,
                                 sales::progress const* going, sales::deadline until);
  sdk::task<void> give_package(sales::package_plan const* package, std::string line_item, sales::package_awaits* waits,
                               seen_creatives* seen, sales::deadline until);
  sdk::task<void> approve(std::string order, sales::deadline until);
  sdk::task<bool> try_approve(std::string order, bool last, sales::deadline until);
  sdk::task<void> pause_those_asked(sales::buy_plan plan, std::vector<std::string> line_items, sales::deadline until);

  client& api_;
  order_book& orders_;
  creative_library& library_;
  targeting_resolver& targeting_;
  sales::awaited_creatives& awaited_;
};

}  // namespace tenon::gam
