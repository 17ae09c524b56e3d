#include "sandbox/kevel/routes.hpp"

#include "sandbox/kevel/ads.hpp"
#include "sandbox/kevel/campaigns.hpp"
#include "sandbox/kevel/flights.hpp"
#include "sandbox/kevel/inventory.hpp"
#include "sandbox/kevel/reports.hpp"

#include <array>

namespace tenon::sandbox::kevel {
namespace {

constexpr std::array table{
    endpoint{"POST", "/kevel/v1/advertiser", create_advertiser},
    endpoint{"GET", "/kevel/v1/advertiser", list_advertisers},
    endpoint{"POST", "/kevel/v1/advertiser/search", search_advertisers},
    endpoint{"GET", "/kevel/v1/advertiser/{advertiser}", get_advertiser},
    endpoint{"PUT", "/kevel/v1/advertiser/{advertiser}", put_advertiser},
    endpoint{"GET", "/kevel/v1/advertiser/{advertiser}/flight", list_flights_of, "advertiser"},
    endpoint{"GET", "/kevel/v1/advertiser/{advertiser}/creatives", list_creatives_of_advertiser},

    endpoint{"POST", "/kevel/v1/campaign", create_campaign},
    endpoint{"GET", "/kevel/v1/campaign", list_campaigns},
    endpoint{"POST", "/kevel/v1/campaign/search", search_campaigns},
    endpoint{"GET", "/kevel/v1/campaign/{campaign}", get_campaign},
    endpoint{"PUT", "/kevel/v1/campaign/{campaign}", put_campaign},
    endpoint{"GET", "/kevel/v1/campaign/{campaign}/delete", delete_campaign},
    endpoint{"GET", "/kevel/v1/campaign/{campaign}/flight", list_flights_of, "campaign"},

    endpoint{"POST", "/kevel/v1/flight", create_flight},
    endpoint{"GET", "/kevel/v1/flight", list_flights},
    endpoint{"GET", "/kevel/v1/flight/{flight}", get_flight},
    endpoint{"PUT", "/kevel/v1/flight/{flight}", put_flight},
    endpoint{"GET", "/kevel/v1/flight/{flight}/delete", delete_flight},
    endpoint{"POST", "/kevel/v1/flight/{flight}/creative", create_ad},
    endpoint{"GET", "/kevel/v1/flight/{flight}/creatives", list_ads_of_flight},
    endpoint{"PUT", "/kevel/v1/flight/{flight}/creative/{ad}", put_ad},
    endpoint{"GET", "/kevel/v1/flight/{flight}/creative/{ad}/delete", delete_ad},
    endpoint{"GET", "/kevel/v1/ad", list_ads},
    endpoint{"GET", "/kevel/v1/ad/{ad}", get_ad},

    endpoint{"POST", "/kevel/v1/creative", create_creative},
    endpoint{"GET", "/kevel/v1/creative", list_creatives},
    endpoint{"GET", "/kevel/v1/creative/{creative}", get_creative},
    endpoint{"PUT", "/kevel/v1/creative/{creative}", put_creative},

    endpoint{"GET", "/kevel/v1/site", list_inventory, "site"},
    endpoint{"GET", "/kevel/v1/site/{site}", get_inventory, "site"},
    endpoint{"GET", "/kevel/v1/zone", list_inventory, "zone"},
    endpoint{"GET", "/kevel/v1/zone/{zone}", get_inventory, "zone"},
    endpoint{"GET", "/kevel/v1/channel", list_inventory, "channel"},
    endpoint{"GET", "/kevel/v1/channel/{channel}", get_inventory, "channel"},
    endpoint{"GET", "/kevel/v1/channel/{channel}/priorities", list_priorities_of_channel},
    endpoint{"GET", "/kevel/v1/channel/{channel}/adtypes", list_ad_types_of_channel},
    endpoint{"GET", "/kevel/v1/priority", list_inventory, "priority"},
    endpoint{"GET", "/kevel/v1/priority/{priority}", get_inventory, "priority"},
    endpoint{"GET", "/kevel/v1/adtypes", list_inventory, "adtype"},
    endpoint{"GET", "/kevel/v1/countries", list_countries},
    endpoint{"GET", "/kevel/v1/country/{country}/regions", list_regions},

    endpoint{"POST", "/kevel/v1/report/queue", queue_report},
    endpoint{"GET", "/kevel/v1/report/queue/{report}", poll_report},
    endpoint{"GET", "/kevel/v1/instantcounts/advertiser/{advertiser}", instant_counts, "advertiser"},
    endpoint{"GET", "/kevel/v1/instantcounts/campaign/{campaign}", instant_counts, "campaign"},
    endpoint{"GET", "/kevel/v1/instantcounts/flight/{flight}", instant_counts, "flight"},
    endpoint{"GET", "/kevel/v1/instantcounts/ad/{ad}", instant_counts, "ad"}};

}  // namespace

std::span<const endpoint> routes() noexcept { return table; }

}  // namespace tenon::sandbox::kevel
