#pragma once

#include "../sales/delivery.hpp"

#include <tenon/sdk/error.hpp>

#include <string>
#include <vector>

namespace tenon::sandbox_seller {

namespace json = sales::json;

/// A media buy as it is kept: a JSON document, and what it says. Pure functions of it and of the clock.
///
///     {"id", "currency", "paused", "canceled", "forced", "record": {...},
///      "simulated": {"impressions", "clicks", "spend"},
///      "packages": [{"id", "record": {...}, "start", "end", "paused", "canceled", "model", "rate", "budget",
///                    "creatives": [...], "counted_until", "delivered": {"2026-12-01": micros}}]}
///
/// Amounts are millionths. What a package has delivered up to its last change stands in it; what it delivers since then
/// follows from the clock.
class buy_document {
 public:
  /// A new one, of a request that was read. `creatives`: of each package, those that are assigned.
  buy_document(std::string id, std::string const& key, std::string const& buyer, sales::buy_plan const& plan,
               std::vector<std::vector<std::string>> const& creatives, sales::instant now);

  /// One that a test puts there, in that status, with nothing in it.
  static buy_document seeded(std::string id, json::object const& fixture, std::string const& status,
                             sales::instant now);

  /// As it was kept.
  explicit buy_document(json::object document) : document_(std::move(document)) {}

  json::object const& document() const { return document_; }
  sales::buy_state state(sales::instant now) const;
  bool is_for(std::string const& buyer) const;  ///< see sales::is_for()

  /// What it has delivered by then.
  sales::buy_delivery delivery(sales::reporting_period period, sales::instant now) const;

  /// Applies update_media_buy. Throws sdk::error with the path of what cannot be done; then nothing has changed.
  /// `creatives`: of each package of the request, in its order, what is assigned; nothing where that stays. Gives the
  /// ids of the packages that it was about.
  std::vector<std::string> update(json::object const& request, sales::catalogue const& products,
                                  std::vector<std::optional<std::vector<std::string>>> const& creatives,
                                  sales::instant now);

  /// It was bought as that proposal; empty: as packages.
  void note_proposal(std::string const& proposal_id);

  /// It is in that status until an update pauses, resumes or cancels it.
  void force_status(std::string const& status) { document_["forced"] = status; }

  /// From now on it has delivered what tests say, added up, instead of what the clock says.
  void simulate(sales::metrics const& more);
  void simulate_spend(double percentage);  ///< of all its budgets

  /// Adds a creative to a package. PACKAGE_NOT_FOUND, INVALID_STATE.
  void assign(std::string const& package_id, std::string const& creative_id, std::string const& path,
              sales::instant now);

 private:
  json::object document_;
};

/// Of impressions, of clicks, and of millionths that were spent: what a test may say at once, and all together.
inline constexpr std::int64_t most_simulated = 1'000'000'000'000'000;

/// The package's delivery by day from the last change until `now`, added to what it had delivered by then.
std::map<std::chrono::year_month_day, std::int64_t> delivered_by_day(json::object const& package, bool buy_serves,
                                                                     sales::instant now);

/// Impressions and clicks for what was spent: one click in a thousand impressions.
sales::metrics metrics_of(sales::money spent, sales::money rate, sales::pricing_model model);

}  // namespace tenon::sandbox_seller
