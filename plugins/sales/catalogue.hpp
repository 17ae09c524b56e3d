#pragma once

#include "dates.hpp"
#include "field.hpp"
#include "money.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::sales {

/// A creative format a product accepts. Video when it has a duration.
struct format {
  std::string agent_url;
  std::string id;
  int width = 0;
  int height = 0;
  int duration_ms = 0;
};

struct pricing_option {
  std::string id;
  pricing_model model = pricing_model::cpm;
  std::string currency;
  std::optional<money> fixed;  ///< absent: an auction
  std::optional<money> floor;
  std::optional<money> minimum_spend;
};

/// A product of the tenant's settings. `source` is its settings object: an adapter reads its own members, such as ad
/// units, there.
struct product {
  std::string id;
  std::string name;
  std::string description;
  bool guaranteed = false;
  std::vector<std::string> channels;
  std::vector<format> formats;
  std::vector<pricing_option> pricing;
  json::object source;

  /// The pricing option, or null.
  pricing_option const* price(std::string_view option_id) const;
};

/// The products a tenant sells, as its settings list them. An immutable value.
class catalogue {
 public:
  catalogue() = default;

  /// Reads `products` and `publisher_domain`. A product that cannot be sold as written throws sdk::error
  /// CONFIGURATION_ERROR, with the path of the setting in the operator's detail.
  /// `measured_by` counts what is delivered, for buyers to read; empty: products do not say who does.
  explicit catalogue(json::object const& settings, std::string measured_by = {});

  std::vector<product> const& products() const { return products_; }

  /// The product, or null.
  product const* find(std::string_view product_id) const;

  /// The first format of that id among all products, or null. Agents are not compared: buyers name formats by other
  /// agents.
  format const* find_format(std::string_view format_id) const;

  /// Every distinct format.
  std::vector<format> formats() const;

  /// The product as AdCP describes it.
  json::object describe(product const& item) const;

 private:
  std::string publisher_domain_;
  std::string timezone_;
  std::string measured_by_;
  std::vector<product> products_;
};

/// {"agent_url", "id"}.
json::object format_id_of(format const& item);

/// "display_300x250" -> 300 x 250, wherever the first WxH stands; nullopt if none does.
std::optional<std::pair<int, int>> size_in_name(std::string_view name);

}  // namespace tenon::sales
