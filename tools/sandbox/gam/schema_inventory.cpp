#include "sandbox/gam/schema.hpp"

/// What a network has before anything is sold.
namespace tenon::sandbox::gam {
namespace {

constexpr field ad_unit_size_fields[] = {
    {.name = "size", .kind = form::object, .rules = required, .of = &size},
    {.name = "environmentType", .kind = form::choice, .rules = required, .choices = "BROWSER VIDEO_PLAYER"},
    {.name = "companions", .kind = form::object, .rules = repeated, .of = &size}};
constexpr message ad_unit_size{.name = "AdUnitSize", .fields = ad_unit_size_fields};

constexpr field ad_unit_parent_fields[] = {{.name = "parentAdUnit", .rules = output_only},
                                           {.name = "displayName", .rules = output_only},
                                           {.name = "adUnitCode", .rules = output_only}};
constexpr message ad_unit_parent{.name = "AdUnitParent", .fields = ad_unit_parent_fields};

constexpr field ad_unit_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "adUnitId", .kind = form::int64, .rules = output_only},
    {.name = "parentAdUnit", .rules = required | immutable, .reference = "adUnits"},
    {.name = "parentPath", .kind = form::object, .rules = output_only | repeated, .of = &ad_unit_parent},
    {.name = "displayName", .rules = required},
    {.name = "adUnitCode", .rules = immutable},
    {.name = "status", .kind = form::choice, .rules = output_only},
    {.name = "appliedTargetWindow", .kind = form::choice, .choices = "TOP BLANK"},
    {.name = "effectiveTargetWindow", .kind = form::choice, .rules = output_only},
    {.name = "appliedTeams", .rules = repeated},
    {.name = "teams", .rules = output_only | repeated},
    {.name = "description"},
    {.name = "explicitlyTargeted", .kind = form::boolean},
    {.name = "hasChildren", .kind = form::boolean, .rules = output_only},
    {.name = "updateTime", .kind = form::timestamp, .rules = output_only},
    {.name = "adUnitSizes", .kind = form::object, .rules = repeated, .of = &ad_unit_size},
    {.name = "externalSetTopBoxChannelId"},
    {.name = "refreshDelay", .kind = form::duration},
    {.name = "appliedLabels", .kind = form::opaque, .rules = repeated},
    {.name = "effectiveAppliedLabels", .kind = form::opaque, .rules = output_only | repeated},
    {.name = "appliedLabelFrequencyCaps", .kind = form::opaque, .rules = repeated},
    {.name = "effectiveLabelFrequencyCaps", .kind = form::opaque, .rules = output_only | repeated},
    {.name = "smartSizeMode", .kind = form::choice, .choices = "NONE SMART_BANNER DYNAMIC_SIZE"},
    {.name = "appliedAdsenseEnabled", .kind = form::boolean},
    {.name = "effectiveAdsenseEnabled", .kind = form::boolean, .rules = output_only},
    {.name = "refreshRateType", .kind = form::choice, .choices = "DISABLED OPTIMIZED FIXED_INTERVAL"}};

constexpr field placement_fields[] = {{.name = "name", .rules = identifier},
                                      {.name = "placementId", .kind = form::int64, .rules = output_only},
                                      {.name = "displayName", .rules = required},
                                      {.name = "description"},
                                      {.name = "placementCode", .rules = output_only},
                                      {.name = "status", .kind = form::choice, .rules = output_only},
                                      {.name = "targetedAdUnits", .rules = repeated, .reference = "adUnits"},
                                      {.name = "updateTime", .kind = form::timestamp, .rules = output_only}};

constexpr field company_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "companyId", .kind = form::int64, .rules = output_only},
    {.name = "displayName", .rules = required},
    {.name = "type",
     .kind = form::choice,
     .rules = required,
     .choices = "ADVERTISER HOUSE_ADVERTISER AGENCY HOUSE_AGENCY AD_NETWORK"},
    {.name = "address"},
    {.name = "email"},
    {.name = "fax"},
    {.name = "phone"},
    {.name = "externalId"},
    {.name = "comment"},
    {.name = "creditStatus", .kind = form::choice, .choices = "ACTIVE INACTIVE ON_HOLD STOP BLOCKED"},
    {.name = "appliedLabels", .kind = form::opaque, .rules = repeated},
    {.name = "primaryContact"},
    {.name = "appliedTeams", .rules = repeated},
    {.name = "thirdPartyCompanyId", .kind = form::int64},
    {.name = "updateTime", .kind = form::timestamp, .rules = output_only}};

constexpr field user_fields[] = {{.name = "name", .rules = identifier},
                                 {.name = "userId", .kind = form::int64, .rules = output_only},
                                 {.name = "displayName", .rules = required},
                                 {.name = "email", .rules = required},
                                 {.name = "role", .rules = required},
                                 {.name = "active", .kind = form::boolean, .rules = output_only},
                                 {.name = "externalId"},
                                 {.name = "serviceAccount", .kind = form::boolean, .rules = output_only},
                                 {.name = "ordersUiLocalTimeZone"}};

constexpr field geo_target_fields[] = {{.name = "name", .rules = identifier},
                                       {.name = "displayName", .rules = output_only},
                                       {.name = "canonicalParent", .rules = output_only},
                                       {.name = "parentNames", .rules = output_only | repeated},
                                       {.name = "regionCode", .rules = output_only},
                                       {.name = "type", .rules = output_only},
                                       {.name = "targetable", .kind = form::boolean, .rules = output_only}};

constexpr field device_category_fields[] = {{.name = "name", .rules = identifier},
                                            {.name = "displayName", .rules = output_only}};

constexpr field network_fields[] = {{.name = "name", .rules = identifier},
                                    {.name = "displayName"},
                                    {.name = "networkCode", .rules = output_only},
                                    {.name = "propertyCode", .rules = output_only},
                                    {.name = "timeZone", .rules = output_only},
                                    {.name = "currencyCode", .rules = output_only},
                                    {.name = "secondaryCurrencyCodes", .rules = repeated},
                                    {.name = "effectiveRootAdUnit", .rules = output_only},
                                    {.name = "testNetwork", .kind = form::boolean, .rules = output_only},
                                    {.name = "networkId", .kind = form::int64, .rules = output_only}};

constexpr field custom_targeting_key_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "customTargetingKeyId", .kind = form::int64, .rules = output_only},
    {.name = "adTagName", .rules = immutable},
    {.name = "displayName"},
    {.name = "type", .kind = form::choice, .rules = required, .choices = "PREDEFINED FREEFORM"},
    {.name = "status", .kind = form::choice, .rules = output_only},
    {.name = "reportableType", .kind = form::choice, .rules = required, .choices = "OFF ON CUSTOM_DIMENSION"}};

constexpr field custom_targeting_value_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "customTargetingKey", .rules = required | immutable, .reference = "customTargetingKeys"},
    {.name = "adTagName", .rules = immutable},
    {.name = "displayName"},
    {.name = "matchType",
     .kind = form::choice,
     .rules = required | immutable,
     .choices = "EXACT BROAD PREFIX BROAD_PREFIX SUFFIX CONTAINS"},
    {.name = "status", .kind = form::choice, .rules = output_only}};

}  // namespace

constinit const message ad_unit{.name = "AdUnit", .fields = ad_unit_fields};
constinit const message placement{.name = "Placement", .fields = placement_fields};
constinit const message company{.name = "Company", .fields = company_fields};
constinit const message user{.name = "User", .fields = user_fields};
constinit const message geo_target{.name = "GeoTarget", .fields = geo_target_fields};
constinit const message device_category{.name = "DeviceCategory", .fields = device_category_fields};
constinit const message network{.name = "Network", .fields = network_fields};
constinit const message custom_targeting_key{.name = "CustomTargetingKey", .fields = custom_targeting_key_fields};
constinit const message custom_targeting_value{.name = "CustomTargetingValue", .fields = custom_targeting_value_fields};

}  // namespace tenon::sandbox::gam
