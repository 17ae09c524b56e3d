#pragma once

#include "../sales/catalogue.hpp"

#include <optional>
#include <string>

namespace tenon::sandbox_seller {

namespace json = sales::json;

/// What a test has put into the seller beside its settings: products, creative formats, and how the next buy is
/// answered. A document of the store. Pure.
///
///     {"products": {ID: {...as in the settings}}, "formats": {ID: {...}}, "next_buy": {BUYER: {...}}}
class seeds {
 public:
  seeds() = default;
  explicit seeds(json::object document) : document_(std::move(document)) {}

  json::object const& document() const { return document_; }

  /// What a test says of it is sparse: what it leaves out is what most sellers would have. A product is sold once it
  /// has a pricing option.
  void add_product(std::string const& id, json::object const& fixture);
  void add_pricing_option(std::string const& product_id, std::string const& id, json::object const& fixture);
  void add_format(std::string const& id, json::object const& fixture);

  /// The next create_media_buy of that buyer is answered as submitted.
  void answer_next_buy(std::string const& buyer, std::string const& task_id, std::string const& message);
  bool answers_next_buy(std::string const& buyer) const;
  /// That, once.
  std::optional<json::object> take_next_buy(std::string const& buyer);

  /// The settings with the seeded products. Of the same id, the seeded one is sold.
  json::object merged(json::object const& settings) const;

  /// Of list_creative_formats; empty: none were seeded.
  json::array formats() const;

 private:
  json::object& part(std::string_view name);

  json::object document_;
};

}  // namespace tenon::sandbox_seller
