#include "inventory.hpp"

#include <algorithm>

namespace tenon::gam {
namespace {

constexpr std::chrono::minutes good_for{10};

void keep_active(std::set<std::string>& names, json::array const& listed) {
  for (auto const& each : listed) {
    if (each.is_object() && sales::upstream_text(each.get_object(), "status") == "ACTIVE") {
      names.insert(sales::upstream_text(each.get_object(), "name"));
    }
  }
}

}  // namespace

sdk::task<std::set<std::string>> inventory::list(sales::deadline until) {
  bool units_needed = false;
  bool placements_needed = false;
  for (auto const& [id, terms] : api_.settings().terms) {
    units_needed = units_needed || !terms.ad_units.empty();
    placements_needed = placements_needed || !terms.placements.empty();
  }
  std::set<std::string> names;
  if (units_needed) {
    auto const units = co_await api_.list("adUnits", "adUnits", {}, subject::inventory, until);
    keep_active(names, units);
  }
  if (placements_needed) {
    auto const placements = co_await api_.list("placements", "placements", {}, subject::inventory, until);
    keep_active(names, placements);
  }
  active_ = names;
  listed_at_ = api_.context().time().steady();
  for (auto const& item : api_.settings().catalogue.products()) {
    if (!has(item)) {
      api_.context().log().warn("Product " + item.id +
                                " is not offered: the network lacks some of its ad units or placements");
    }
  }
  co_return names;
}

sdk::task<void> inventory::refresh(sales::deadline until) {
  for (;;) {
    if (listed_at_ && api_.context().time().steady() - *listed_at_ < good_for) {
      co_return;
    }
    // However many ask at once, the network is asked once; but one that has more time than the one who asks waits on.
    auto const asks = !listing_.running();
    auto operation = list(until);
    try {
      auto const left = until ? *until - api_.context().time().steady() : std::chrono::hours{1};
      co_await listing_.join_for(std::move(operation), api_.context().timers(), left);
    } catch (sdk::error const& failure) {
      if (asks || failure.code() != "RATE_LIMITED" || (until && api_.context().time().steady() >= *until)) {
        throw;
      }
    }
  }
}

bool inventory::has(sales::product const& item) const {
  auto const& terms = api_.settings().terms_of(item);
  auto const known = [&](std::string const& name) { return active_.contains(name); };
  return std::all_of(terms.ad_units.begin(), terms.ad_units.end(), known) &&
         std::all_of(terms.placements.begin(), terms.placements.end(), known);
}

}  // namespace tenon::gam
