#pragma once

#include "sandbox/call.hpp"

/// Queued reports, by day and by advertiser, campaign or flight ("optionId"), and instant counts.
namespace tenon::sandbox::kevel {

http::response queue_report(call& request);
/// In progress at the first poll, complete at the second.
http::response poll_report(call& request);

/// The subject is "advertiser", "campaign", "flight" or "ad".
http::response instant_counts(call& request);

}  // namespace tenon::sandbox::kevel
