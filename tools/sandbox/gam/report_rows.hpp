#pragma once

#include "sandbox/call.hpp"

namespace tenon::sandbox::gam {

struct day_range {
  sys_days first;
  sys_days last;  ///< inclusive
};

/// What `dateRange` means today. Errors: 400 for a range that is not one, or a relative one not served here.
day_range days_of(const json::object& definition, sys_seconds now);

/// Refuses what this stand-in cannot answer truthfully. Errors: 400.
void check_report(const json::object& definition, sys_seconds now);

/// The rows of a checked definition, by date, then line item. Rows of nothing are left out, as upstream does.
json::array rows_of(const gam_network& network, const json::object& definition, sys_seconds now);

}  // namespace tenon::sandbox::gam
