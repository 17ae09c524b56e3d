#pragma once

#include "../sales/refusal.hpp"

#include <tenon/sdk/error.hpp>

#include <string>

namespace tenon::kevel {

/// What a request was about: decides what a bare "not found" means to a buyer.
enum class subject { advertiser, media_buy, package, creative, report, other };

using sales::outcome_unknown;
using sales::refusal;

/// The AdCP error for a refusal: by Kevel's message where it is one of those known word for word, else by the status.
/// Never by a part of a message, which may quote a buyer's names. A pure function; nothing of the body reaches the
/// buyer.
sdk::error error_from(refusal const& answer, subject about, sales::instant now);

}  // namespace tenon::kevel
