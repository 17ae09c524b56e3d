#pragma once

#include "../sales/dates.hpp"

#include <tenon/sdk/error.hpp>

#include <string>

namespace tenon::kevel {

/// What a request was about: decides what a bare "not found" means to a buyer.
enum class subject { advertiser, media_buy, package, creative, report, other };

/// An answer of Kevel that is no success.
struct refusal {
  unsigned status = 0;
  std::string retry_after;
  std::string body;
};

/// The AdCP error for a refusal: by Kevel's message where it is one of those known word for word, else by the status.
/// Never by a part of a message, which may quote a buyer's names. A pure function; nothing of the body reaches the
/// buyer.
sdk::error error_from(refusal const& answer, subject about, sales::instant now);

/// A write that may or may not have taken effect: to be looked up by its marker.
class outcome_unknown : public sdk::error {
 public:
  explicit outcome_unknown(std::string operator_detail)
      : error("SERVICE_UNAVAILABLE", "The ad server did not confirm the change") {
    this->operator_detail(std::move(operator_detail));
  }
};

}  // namespace tenon::kevel
