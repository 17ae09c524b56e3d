#pragma once

#include "catalogue.hpp"
#include "creative.hpp"

namespace tenon::sales {

enum class pacing { even, asap, front_loaded };

struct assignment {
  std::string creative_id;
  std::optional<double> weight;
};

/// One package of a buy, checked against the catalogue. Its pointers are borrowed from the catalogue.
struct package_plan {
  std::string path;  ///< "packages[0]", for the errors that only an ad server can find
  product const* sold = nullptr;
  pricing_option const* option = nullptr;
  money budget;
  money rate;  ///< the fixed price, or the bid
  std::optional<std::int64_t> impressions;
  pacing pace = pacing::even;
  instant start;
  instant end;
  bool paused = false;
  json::object targeting;
  std::vector<assignment> assignments;
  std::vector<creative> creatives;
  json::object source;  ///< the buyer's package, for the record kept upstream
  std::string buyer;    ///< likewise; see note_buyer()
};

struct buy_plan {
  std::string brand;
  std::string po_number;
  instant start;
  instant end;
  std::vector<package_plan> packages;
};

/// Reads a create_media_buy request. `asap` and a start that has just passed become `now` + `lead`. Throws sdk::error
/// with the path of the offending member: VALIDATION_ERROR, INVALID_REQUEST, PRODUCT_NOT_FOUND, INVALID_PRICING_OPTION,
/// BUDGET_TOO_LOW, TERMS_REJECTED, UNSUPPORTED_FEATURE. Nothing that was asked for is dropped in silence.
buy_plan read_buy(json::object const& request, catalogue const& products, instant now, std::chrono::seconds lead);

/// Whose packages they are: see buyer_key().
void note_buyer(buy_plan& plan, std::string const& buyer);

/// Moves starts that lie before `first` there: a buy that took longer than one attempt. Throws INVALID_REQUEST when a
/// package would not start before it ends.
void start_no_earlier(buy_plan& plan, instant first);

/// The units a package's budget buys, or the impressions asked for if fewer. Throws BUDGET_TOO_LOW when that is less
/// than one.
std::int64_t goal_of(money budget, money rate, pricing_model model, std::optional<std::int64_t> impressions,
                     std::string const& path);

/// Reads a pacing; absent is `even`.
pacing read_pacing(json::object const& source, std::string const& path);

/// Reads creative_assignments; UNSUPPORTED_FEATURE for those that name placements.
std::vector<assignment> read_assignments(json::object const& source, std::string const& path);

/// Reads inline creatives.
std::vector<creative> read_creatives(json::object const& source, std::string const& path, catalogue const& products);

/// A budget or price of the request: not negative, and not absurd. VALIDATION_ERROR otherwise.
std::optional<money> money_at(json::object const& source, std::string_view key, std::string const& path);

/// A moment of the request; `now` for "asap". VALIDATION_ERROR if it is neither.
std::optional<instant> instant_at(json::object const& source, std::string_view key, std::string const& path,
                                  instant now);

/// The price a bid and an option come to. INVALID_REQUEST when an auction has no bid or one below its floor.
money price_of(pricing_option const& option, std::optional<money> bid, std::string const& path);

}  // namespace tenon::sales
