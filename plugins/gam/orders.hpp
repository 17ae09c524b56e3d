#pragma once

#include "client.hpp"
#include "status.hpp"

#include "../sales/state.hpp"

namespace tenon::gam {

/// A media buy as read from the network: the order, its line items as they came, and what both mean.
struct booked_order {
  json::object order;
  std::vector<json::object> line_items;  ///< in the order of state.packages
  std::vector<line_item_facts> facts;    ///< likewise
  sales::buy_state state;
};

/// The media buys of the network. Ids are made of the upstream's own ("gam-<order>", "gam-li-<line item>"), and what an
/// order cannot say is kept in its notes, so that a process can forget everything.
///
/// Only orders that we booked for our advertiser and this buyer exist here: others of the network are
/// MEDIA_BUY_NOT_FOUND.
class order_book {
 public:
  using booked_buy = booked_order;

  explicit order_book(client& api) : api_(api) {}

  sdk::task<booked_order> load(std::string media_buy_id, std::string buyer, sales::deadline until);

  /// The ids of a buyer's media buys, newest last.
  sdk::task<std::vector<std::string>> all_ids(std::string buyer, sales::deadline until);

 private:
  booked_order read(json::object order, json::array items) const;
  bool is_there_for(std::string const& buyer, json::object const& order) const;

  client& api_;
};

std::string media_buy_id_of(std::string_view order_resource);
std::string package_id_of(std::string_view line_item_resource);

/// The resource a media buy or package id stands for; empty if it is none of ours.
std::string order_of(std::string_view media_buy_id, gam_settings const& settings);
std::string line_item_of_package(std::string_view package_id, gam_settings const& settings);

line_item_facts facts_of(json::object const& line_item);

}  // namespace tenon::gam
