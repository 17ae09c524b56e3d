#include "sandbox/gam/schema.hpp"

/// Targeting.
namespace tenon::sandbox::gam {
namespace {

constexpr field ad_unit_targeting_fields[] = {{.name = "includeDescendants", .kind = form::boolean},
                                              {.name = "adUnit", .reference = "adUnits"}};
constexpr message ad_unit_targeting{.name = "AdUnitTargeting", .fields = ad_unit_targeting_fields};

constexpr field inventory_targeting_fields[] = {
    {.name = "targetedAdUnits", .kind = form::object, .rules = repeated, .of = &ad_unit_targeting},
    {.name = "excludedAdUnits", .kind = form::object, .rules = repeated, .of = &ad_unit_targeting},
    {.name = "targetedPlacements", .rules = repeated, .reference = "placements"}};
constexpr message inventory_targeting{.name = "InventoryTargeting", .fields = inventory_targeting_fields};

constexpr field geo_targeting_fields[] = {{.name = "targetedGeos", .rules = repeated, .reference = "geoTargets"},
                                          {.name = "excludedGeos", .rules = repeated, .reference = "geoTargets"}};
constexpr message geo_targeting{.name = "GeoTargeting", .fields = geo_targeting_fields};

constexpr field device_category_targeting_fields[] = {
    {.name = "targetedCategories", .rules = repeated, .reference = "deviceCategories"},
    {.name = "excludedCategories", .rules = repeated, .reference = "deviceCategories"}};
constexpr message device_category_targeting{.name = "DeviceCategoryTargeting",
                                            .fields = device_category_targeting_fields};

constexpr field technology_targeting_fields[] = {
    {.name = "bandwidthTargeting", .kind = form::opaque},
    {.name = "browserTargeting", .kind = form::opaque},
    {.name = "browserLanguageTargeting", .kind = form::opaque},
    {.name = "deviceCapabilityTargeting", .kind = form::opaque},
    {.name = "deviceCategoryTargeting", .kind = form::object, .of = &device_category_targeting},
    {.name = "deviceManufacturerTargeting", .kind = form::opaque},
    {.name = "mobileCarrierTargeting", .kind = form::opaque},
    {.name = "operatingSystemTargeting", .kind = form::opaque}};
constexpr message technology_targeting{.name = "TechnologyTargeting", .fields = technology_targeting_fields};

constexpr field custom_targeting_literal_fields[] = {
    {.name = "negative", .kind = form::boolean},
    {.name = "customTargetingKey", .reference = "customTargetingKeys"},
    {.name = "customTargetingValues", .rules = repeated, .reference = "customTargetingValues"}};
constexpr message custom_targeting_literal{.name = "CustomTargetingLiteral", .fields = custom_targeting_literal_fields};

constexpr field custom_targeting_clause_fields[] = {
    {.name = "customTargetingLiterals", .kind = form::object, .rules = repeated, .of = &custom_targeting_literal},
    {.name = "audienceSegmentTargetings", .kind = form::opaque, .rules = repeated},
    {.name = "cmsMetadataTargetings", .kind = form::opaque, .rules = repeated}};
constexpr message custom_targeting_clause{.name = "CustomTargetingClause", .fields = custom_targeting_clause_fields};

constexpr field custom_targeting_fields[] = {
    {.name = "customTargetingClauses", .kind = form::object, .rules = repeated, .of = &custom_targeting_clause}};
constexpr message custom_targeting{.name = "CustomTargeting", .fields = custom_targeting_fields};

constexpr field request_platform_targeting_fields[] = {{.name = "requestPlatforms",
                                                        .kind = form::choice,
                                                        .rules = repeated,
                                                        .choices = "BROWSER MOBILE_APP VIDEO_PLAYER"}};
constexpr message request_platform_targeting{.name = "RequestPlatformTargeting",
                                             .fields = request_platform_targeting_fields};

constexpr field video_position_targeting_fields[] = {
    {.name = "videoPositions", .kind = form::choice, .rules = repeated, .choices = "ALL MIDROLL POSTROLL PREROLL"}};
constexpr message video_position_targeting{.name = "VideoPositionTargeting", .fields = video_position_targeting_fields};

constexpr field user_domain_targeting_fields[] = {{.name = "targetedUserDomains", .rules = repeated},
                                                  {.name = "excludedUserDomains", .rules = repeated}};
constexpr message user_domain_targeting{.name = "UserDomainTargeting", .fields = user_domain_targeting_fields};

constexpr field targeting_fields[] = {
    {.name = "geoTargeting", .kind = form::object, .of = &geo_targeting},
    {.name = "technologyTargeting", .kind = form::object, .of = &technology_targeting},
    {.name = "inventoryTargeting", .kind = form::object, .of = &inventory_targeting},
    {.name = "requestPlatformTargeting", .kind = form::object, .of = &request_platform_targeting},
    {.name = "customTargeting", .kind = form::object, .of = &custom_targeting},
    {.name = "userDomainTargeting", .kind = form::object, .of = &user_domain_targeting},
    {.name = "videoPositionTargeting", .kind = form::object, .of = &video_position_targeting},
    {.name = "dataSegmentTargeting", .kind = form::opaque},
    {.name = "requestFormatTargeting", .kind = form::opaque},
    {.name = "contentTargeting", .kind = form::opaque},
    {.name = "mobileApplicationTargeting", .kind = form::opaque}};

}  // namespace

constinit const message targeting{.name = "Targeting", .fields = targeting_fields};

}  // namespace tenon::sandbox::gam
