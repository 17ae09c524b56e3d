#include "sandbox/gam/routes.hpp"

#include "sandbox/gam/collections.hpp"
#include "sandbox/gam/creatives.hpp"
#include "sandbox/gam/inventory.hpp"
#include "sandbox/gam/line_items.hpp"
#include "sandbox/gam/orders.hpp"
#include "sandbox/gam/reports.hpp"

#include <array>

namespace tenon::sandbox::gam {
namespace {

constexpr std::array table{
    endpoint{"GET", "/v1/networks/{n}", get_network},

    endpoint{"GET", "/v1/networks/{n}/orders", list, "orders"},
    endpoint{"GET", "/v1/networks/{n}/orders/{order}", get, "orders"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchCreate", create_orders},
    endpoint{"POST", "/v1/networks/{n}/orders:batchUpdate", update_orders},
    endpoint{"POST", "/v1/networks/{n}/orders:batchApprove", act_on_orders, "approve"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchApproveAndOverbook", act_on_orders, "approveAndOverbook"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchApproveWithoutReservation", act_on_orders,
             "approveWithoutReservation"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchSubmitForApproval", act_on_orders, "submitForApproval"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchSubmitForApprovalAndOverbook", act_on_orders,
             "submitForApprovalAndOverbook"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchDisapprove", act_on_orders, "disapprove"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchRetract", act_on_orders, "retract"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchPause", act_on_orders, "pause"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchResume", act_on_orders, "resume"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchResumeAndOverbook", act_on_orders, "resumeAndOverbook"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchArchive", act_on_orders, "archive"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchUnarchive", act_on_orders, "unarchive"},
    endpoint{"POST", "/v1/networks/{n}/orders:batchDelete", act_on_orders, "delete"},

    endpoint{"GET", "/v1/networks/{n}/lineItems", list, "lineItems"},
    endpoint{"GET", "/v1/networks/{n}/lineItems/{line_item}", get, "lineItems"},
    endpoint{"POST", "/v1/networks/{n}/lineItems", create_line_item},
    endpoint{"PATCH", "/v1/networks/{n}/lineItems/{line_item}", patch_line_item},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchCreate", create_line_items},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchUpdate", update_line_items},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchActivate", act_on_line_items, "activate"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchPause", act_on_line_items, "pause"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchResume", act_on_line_items, "resume"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchResumeAndOverbook", act_on_line_items, "resumeAndOverbook"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchReserve", act_on_line_items, "reserve"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchReserveAndOverbook", act_on_line_items, "reserveAndOverbook"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchRelease", act_on_line_items, "release"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchArchive", act_on_line_items, "archive"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchUnarchive", act_on_line_items, "unarchive"},
    endpoint{"POST", "/v1/networks/{n}/lineItems:batchDelete", act_on_line_items, "delete"},

    endpoint{"GET", "/v1/networks/{n}/lineItems/{line_item}/creatives", list_associations},
    endpoint{"GET", "/v1/networks/{n}/lineItems/{line_item}/creatives/{creative}", get_association},
    endpoint{"POST", "/v1/networks/{n}/lineItems/{line_item}/creatives", create_association},
    endpoint{"POST", "/v1/networks/{n}/lineItems/{line_item}/creatives:batchCreate", create_associations},
    endpoint{"POST", "/v1/networks/{n}/lineItems/{line_item}/creatives:batchActivate", act_on_associations, "activate"},
    endpoint{"POST", "/v1/networks/{n}/lineItems/{line_item}/creatives:batchDeactivate", act_on_associations,
             "deactivate"},

    endpoint{"GET", "/v1/networks/{n}/creatives", list, "creatives"},
    endpoint{"GET", "/v1/networks/{n}/creatives/{creative}", get, "creatives"},
    endpoint{"POST", "/v1/networks/{n}/creatives", create_creative},
    endpoint{"POST", "/v1/networks/{n}/creatives:batchCreate", create_creatives},
    endpoint{"POST", "/v1/networks/{n}/creatives:batchUpdate", update_creatives},

    endpoint{"GET", "/v1/networks/{n}/adUnits", list, "adUnits"},
    endpoint{"GET", "/v1/networks/{n}/adUnits/{ad_unit}", get, "adUnits"},
    endpoint{"GET", "/v1/networks/{n}/placements", list, "placements"},
    endpoint{"GET", "/v1/networks/{n}/placements/{placement}", get, "placements"},
    endpoint{"GET", "/v1/networks/{n}/companies", list, "companies"},
    endpoint{"GET", "/v1/networks/{n}/companies/{company}", get, "companies"},
    endpoint{"GET", "/v1/networks/{n}/users", list, "users"},
    endpoint{"GET", "/v1/networks/{n}/users/{user}", get, "users"},
    endpoint{"GET", "/v1/networks/{n}/geoTargets", list, "geoTargets"},
    endpoint{"GET", "/v1/networks/{n}/geoTargets/{geo_target}", get, "geoTargets"},
    endpoint{"GET", "/v1/networks/{n}/deviceCategories", list, "deviceCategories"},
    endpoint{"GET", "/v1/networks/{n}/deviceCategories/{device_category}", get, "deviceCategories"},
    endpoint{"GET", "/v1/networks/{n}/customTargetingKeys", list, "customTargetingKeys"},
    endpoint{"GET", "/v1/networks/{n}/customTargetingKeys/{key}", get, "customTargetingKeys"},
    endpoint{"POST", "/v1/networks/{n}/customTargetingKeys", create_one, "customTargetingKeys"},
    endpoint{"POST", "/v1/networks/{n}/customTargetingKeys:batchCreate", create_batch, "customTargetingKeys"},
    endpoint{"GET", "/v1/networks/{n}/customTargetingValues", list, "customTargetingValues"},
    endpoint{"GET", "/v1/networks/{n}/customTargetingValues/{value}", get, "customTargetingValues"},
    endpoint{"POST", "/v1/networks/{n}/customTargetingValues", create_one, "customTargetingValues"},
    endpoint{"POST", "/v1/networks/{n}/customTargetingValues:batchCreate", create_batch, "customTargetingValues"},

    endpoint{"GET", "/v1/networks/{n}/reports", list, "reports"},
    endpoint{"GET", "/v1/networks/{n}/reports/{report}", get, "reports"},
    endpoint{"POST", "/v1/networks/{n}/reports", create_report},
    endpoint{"PATCH", "/v1/networks/{n}/reports/{report}", patch_report},
    endpoint{"POST", "/v1/networks/{n}/reports/{report}:run", run_report},
    endpoint{"GET", "/v1/networks/{n}/reports/{report}/results/{result}:fetchRows", fetch_rows},
    endpoint{"GET", "/v1/networks/{n}/operations/reports/runs/{run}", get_operation}};

}  // namespace

std::span<const endpoint> routes() noexcept { return table; }

}  // namespace tenon::sandbox::gam
