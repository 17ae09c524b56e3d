#pragma once

#include "../sales/refusal.hpp"

#include <tenon/sdk/error.hpp>

#include <string>
#include <vector>

namespace tenon::gam {

/// What a request was about: decides what "not found" means to a buyer.
enum class subject { network, media_buy, package, creative, place, inventory, other };

using sales::outcome_unknown;
using sales::refusal;

/// Why Ad Manager refused, as machines can read it: google.rpc status, reasons without the "XError." before them, those
/// kinds of error, fields. Which of them REST gives for a business rule is not public: a reason may come with its kind,
/// alone, or with the kind beside it.
struct reasons {
  std::string status;
  std::vector<std::string> codes;
  std::vector<std::string> kinds;  ///< "ForecastError"
  std::vector<std::string> fields;

  bool has(std::string_view code) const;
};
reasons reasons_in(std::string_view body);

/// The AdCP error for a refusal. A pure function of its arguments. Nothing of the body reaches the buyer: it may name
/// projects and users of the seller; it goes, cut, to the operator's detail.
sdk::error error_from(refusal const& answer, subject about, sales::instant now);

/// The AdCP error for an answer of the token endpoint that is no success. Always the seller's trouble, never the
/// buyer's.
sdk::error token_error_from(refusal const& answer, sales::instant now);

/// Ad Manager has not forecast a new line item yet: the same request will do in some seconds.
class forecast_pending : public sdk::error {
 public:
  explicit forecast_pending(std::string operator_detail)
      : error("SERVICE_UNAVAILABLE", "The ad server is still forecasting this buy") {
    retry_after(std::chrono::seconds{30}).operator_detail(std::move(operator_detail));
  }
};

}  // namespace tenon::gam
