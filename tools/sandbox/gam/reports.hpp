#pragma once

#include "sandbox/call.hpp"

/// Reports: defined, run as a long-running operation, fetched row by row.
///
/// Served: HISTORICAL; the dimensions DATE and the id and name of order, line item and advertiser; AD_SERVER_* counts
/// and revenue and their like; IN and NOT_IN filters on ids. Anything else valid upstream is refused by name, not
/// ignored.
namespace tenon::sandbox::gam {

http::response create_report(call& request);
http::response patch_report(call& request);
/// The operation is done at its second poll, so that clients have to poll.
http::response run_report(call& request);
http::response get_operation(call& request);
http::response fetch_rows(call& request);

}  // namespace tenon::sandbox::gam
