#pragma once

#include "catalogue.hpp"

#include <functional>

namespace tenon::sales {

/// The answer of get_products: the products that match the request's filters and whose inventory the ad server still
/// has. A brief is not interpreted: every product that could serve it is offered. Refinements are acknowledged one by
/// one.
json::object products_answer(json::object const& request, catalogue const& products,
                             std::function<bool(product const&)> const& has_inventory);

/// The answer of list_creative_formats: what the products accept, filtered and paged.
json::object formats_answer(json::object const& request, catalogue const& products);

/// A page of a list in memory. The cursor is the position as text; INVALID_REQUEST for one we did not give out.
struct page {
  std::size_t first = 0;
  std::size_t last = 0;
  json::object description;  ///< {"has_more", "cursor"}
};
page read_page(json::object const& request, std::size_t count);

}  // namespace tenon::sales
