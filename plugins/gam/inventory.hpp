#pragma once

#include "client.hpp"

#include <tenon/sdk/single_flight.hpp>

#include <set>

namespace tenon::gam {

/// Which of the products' ad units and placements the network still has: listed at most every ten minutes, and once for
/// however many ask at the same time.
class inventory {
 public:
  explicit inventory(client& api) : api_(api) {}

  /// Lists again if what is known is old.
  sdk::task<void> refresh(sales::deadline until);

  /// True if every ad unit and placement of the product is there and active.
  bool has(sales::product const& item) const;

 private:
  sdk::task<std::set<std::string>> list(sales::deadline until);

  client& api_;
  sdk::single_flight<std::set<std::string>> listing_;
  std::set<std::string> active_;  ///< resource names
  std::optional<std::chrono::steady_clock::time_point> listed_at_;
};

}  // namespace tenon::gam
