#pragma once

#include "library.hpp"
#include "orders.hpp"
#include "targeting.hpp"

#include "../sales/progress.hpp"

namespace tenon::gam {

/// What an update does to one line item.
struct line_item_change {
  std::size_t index = 0;  ///< among the order's line items
  json::object fields;    ///< to patch; empty: nothing
  json::object record;    ///< what its notes will say
  bool moves_end = false;
  sales::instant end;  ///< of the line item, once this is done
  std::optional<bool> paused;
  bool cancel = false;
  std::vector<sales::assignment> assignments;
  std::vector<sales::creative> creatives;
  bool replaces_creatives = false;
  std::string path;
};

/// update_media_buy: pause, resume and cancel by actions, since states cannot be written; everything else by patching
/// the line items' fields.
class changes {
 public:
  changes(client& api, order_book& orders, creative_library& library, targeting_resolver& targeting,
          sales::awaited_creatives& awaited)
      : api_(api), orders_(orders), library_(library), targeting_(targeting), awaited_(awaited) {}

  sdk::task<json::object> update(json::object request, sdk::call_context call);

  /// For sales::change_in_attempts().
  sdk::task<json::object> attempt(json::object request, sales::progress* going, sales::deadline until);

 private:
  sdk::task<std::vector<line_item_change>> plan(json::object request, booked_order booked, sales::deadline until);
  sdk::task<line_item_change> plan_package(json::object update, std::size_t index, json::object line_item,
                                           std::string path, sales::deadline until);
  sdk::task<void> apply(std::vector<line_item_change> wanted, booked_order booked, sales::progress const* going,
                        sales::deadline until);
  /// Adds to `may_have_come` what the package waits for from now on, and what it brought.
  sdk::task<void> apply_one(line_item_change wanted, std::string line_item, sales::progress const* going,
                            seen_creatives* seen, std::vector<std::string>* may_have_come, sales::deadline until);
  sdk::task<void> write_one(line_item_change const* wanted, std::string line_item, sales::package_awaits* waits,
                            seen_creatives* seen, sales::deadline until);
  sdk::task<void> act(std::string action, std::vector<std::string> names, subject about, sales::deadline until);
  sdk::task<void> cancel(json::object request, booked_order booked, std::string key, sales::deadline until);
  sdk::task<void> write_record(booked_order booked, json::object record, sales::deadline until);

  client& api_;
  order_book& orders_;
  creative_library& library_;
  targeting_resolver& targeting_;
  sales::awaited_creatives& awaited_;
};

/// The money, goal, flight and pacing members of an update as fields of the line item, its record amended alike. Pure.
/// Throws BUDGET_EXCEEDED when less is asked for than was delivered, UNSUPPORTED_FEATURE for what cannot be changed.
json::object changed_fields(json::object const& update, json::object const& line_item,
                            sales::pricing_option const* option, sales::instant now, std::string const& path);

}  // namespace tenon::gam
