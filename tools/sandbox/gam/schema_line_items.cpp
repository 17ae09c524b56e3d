#include "sandbox/gam/schema.hpp"

/// Orders and line items.
namespace tenon::sandbox::gam {
namespace {

constexpr field money_fields[] = {
    {.name = "currencyCode"}, {.name = "units", .kind = form::int64}, {.name = "nanos", .kind = form::int32}};
constexpr message money{.name = "Money", .fields = money_fields};

constexpr field frequency_cap_fields[] = {
    {.name = "maxImpressions", .kind = form::int64},
    {.name = "timeAmount", .kind = form::int64},
    {.name = "timeUnit", .kind = form::choice, .choices = "MINUTE HOUR DAY WEEK MONTH LIFETIME POD STREAM"}};
constexpr message frequency_cap{.name = "FrequencyCap", .fields = frequency_cap_fields};

constexpr field companion_fields[] = {{.name = "size", .kind = form::object, .rules = required, .of = &size}};
constexpr message companion{.name = "CreativePlaceholderCompanion", .fields = companion_fields};

constexpr field line_item_stats_fields[] = {
    {.name = "impressionsDelivered", .kind = form::int64, .rules = output_only},
    {.name = "clicksDelivered", .kind = form::int64, .rules = output_only},
    {.name = "videoCompletionsDelivered", .kind = form::int64, .rules = output_only},
    {.name = "videoStartsDelivered", .kind = form::int64, .rules = output_only},
    {.name = "viewableImpressionsDelivered", .kind = form::int64, .rules = output_only},
    {.name = "deliveryData", .kind = form::int64, .rules = output_only | repeated}};
constexpr message line_item_stats{.name = "LineItemStats", .fields = line_item_stats_fields};

constexpr field creative_targeting_fields[] = {
    {.name = "creativeTargetingDisplayName", .rules = required},
    {.name = "targeting", .kind = form::object, .rules = required, .of = &targeting}};
constexpr message creative_targeting{.name = "CreativeTargeting", .fields = creative_targeting_fields};

constexpr field creative_placeholder_fields[] = {
    {.name = "size", .kind = form::object, .rules = required, .of = &size},
    {.name = "companions", .kind = form::object, .rules = repeated, .of = &companion},
    {.name = "expectedCreativeCount", .kind = form::int32},
    {.name = "appliedLabels", .kind = form::opaque, .rules = repeated},
    {.name = "ampOnly", .kind = form::boolean},
    {.name = "creativeTargetingDisplayName"}};

constexpr field goal_fields[] = {
    {.name = "goalType", .kind = form::choice, .choices = "NONE LIFETIME DAILY"},
    {.name = "unitType",
     .kind = form::choice,
     .choices = "IMPRESSIONS CLICKS CLICK_THROUGH_CPA_CONVERSIONS VIEW_THROUGH_CPA_CONVERSIONS TOTAL_CPA_CONVERSIONS "
                "VIEWABLE_IMPRESSIONS IN_TARGET_IMPRESSIONS COMPLETED_VIEWS"},
    {.name = "units", .kind = form::int64}};

constexpr field size_fields[] = {{.name = "width", .kind = form::int32, .rules = required},
                                 {.name = "height", .kind = form::int32, .rules = required},
                                 {.name = "sizeType",
                                  .kind = form::choice,
                                  .rules = required,
                                  .choices = "PIXEL ASPECT_RATIO INTERSTITIAL IGNORED NATIVE FLUID AUDIO"}};

constexpr field order_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "orderId", .kind = form::int64, .rules = output_only},
    {.name = "displayName", .rules = required},
    {.name = "programmatic", .kind = form::boolean},
    {.name = "trafficker", .rules = required, .reference = "users"},
    {.name = "advertiserContacts", .rules = repeated},
    {.name = "advertiser", .rules = required, .reference = "companies"},
    {.name = "agencyContacts", .rules = repeated},
    {.name = "agency", .reference = "companies"},
    {.name = "appliedTeams", .rules = repeated},
    {.name = "effectiveTeams", .rules = output_only | repeated},
    {.name = "creator", .rules = output_only},
    {.name = "currencyCode", .rules = output_only},
    {.name = "startTime", .kind = form::timestamp, .rules = output_only},
    {.name = "endTime", .kind = form::timestamp, .rules = output_only},
    {.name = "unlimitedEndTime", .kind = form::boolean, .rules = output_only},
    {.name = "externalOrderId", .kind = form::int32},
    {.name = "archived", .kind = form::boolean, .rules = output_only},
    {.name = "lastModifiedByApp", .rules = output_only},
    {.name = "updateTime", .kind = form::timestamp, .rules = output_only},
    {.name = "notes"},
    {.name = "poNumber"},
    {.name = "status", .kind = form::choice, .rules = output_only},
    {.name = "salesperson", .reference = "users"},
    {.name = "secondarySalespeople", .rules = repeated, .reference = "users"},
    {.name = "secondaryTraffickers", .rules = repeated, .reference = "users"},
    {.name = "appliedLabels", .kind = form::opaque, .rules = repeated},
    {.name = "effectiveAppliedLabels", .kind = form::opaque, .rules = output_only | repeated},
    {.name = "customFieldValues", .kind = form::opaque, .rules = repeated},
    {.name = "impressionsDelivered", .kind = form::int64, .rules = output_only},
    {.name = "totalClicksDelivered", .kind = form::int64, .rules = output_only},
    {.name = "totalViewableImpressionsDelivered", .kind = form::int64, .rules = output_only}};

constexpr field line_item_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "order", .rules = required | immutable, .reference = "orders"},
    {.name = "displayName", .rules = required},
    {.name = "externalLineItemId"},
    {.name = "orderDisplayName", .rules = output_only},
    {.name = "startTime", .kind = form::timestamp, .rules = required},
    {.name = "targetEndTime", .kind = form::timestamp},
    {.name = "endTime", .kind = form::timestamp, .rules = output_only},
    {.name = "autoExtensionDays", .kind = form::int32},
    {.name = "endTimeUnlimited", .kind = form::boolean},
    {.name = "creativeRotationType",
     .kind = form::choice,
     .rules = required,
     .choices = "EVENLY OPTIMIZED SEQUENTIAL WEIGHTED"},
    {.name = "deliveryRateType", .kind = form::choice, .choices = "AS_FAST_AS_POSSIBLE EVENLY FRONTLOADED"},
    {.name = "deliveryForecastSource", .kind = form::choice, .choices = "CUSTOM_PACING_CURVE FORECASTING HISTORICAL"},
    {.name = "customPacingCurve", .kind = form::opaque},
    {.name = "roadblockingType",
     .kind = form::choice,
     .choices = "ALL_ROADBLOCK AS_MANY_AS_POSSIBLE CREATIVE_SET ONE_OR_MORE ONLY_ONE"},
    {.name = "skippableAdType", .kind = form::choice, .choices = "ANY DISABLED ENABLED INSTREAM_SELECT"},
    {.name = "frequencyCaps", .kind = form::object, .rules = repeated, .of = &frequency_cap},
    {.name = "lineItemType",
     .kind = form::choice,
     .rules = required,
     .choices = "SPONSORSHIP STANDARD NETWORK BULK PRICE_PRIORITY HOUSE CLICK_TRACKING ADSENSE AD_EXCHANGE BUMPER "
                "PREFERRED_DEAL AUDIENCE_EXTENSION"},
    {.name = "priority", .kind = form::int32},
    {.name = "rate", .kind = form::object, .rules = required, .of = &money},
    {.name = "valueCpm", .kind = form::object, .of = &money},
    {.name = "costType",
     .kind = form::choice,
     .rules = required,
     .choices = "CPA CPC CPD CPM VCPM CPM_IN_TARGET CPF CPCV"},
    {.name = "discount", .kind = form::opaque},
    {.name = "contractedUnitsBought", .kind = form::int64},
    {.name = "creativePlaceholders", .kind = form::object, .rules = required | repeated, .of = &creative_placeholder},
    {.name = "environmentType", .kind = form::choice, .choices = "BROWSER VIDEO_PLAYER"},
    {.name = "companionDeliveryOption", .kind = form::choice, .choices = "OPTIONAL AT_LEAST_ONE ALL"},
    {.name = "allowOverbook", .kind = form::boolean, .rules = input_only},
    {.name = "skipInventoryCheck", .kind = form::boolean, .rules = input_only},
    {.name = "skipCrossSellingRuleWarningChecks", .kind = form::boolean, .rules = input_only},
    {.name = "reserveOnCreation", .kind = form::boolean, .rules = input_only},
    {.name = "stats", .kind = form::object, .rules = output_only, .of = &line_item_stats},
    {.name = "deliveryIndicator", .kind = form::opaque, .rules = output_only},
    {.name = "budget", .kind = form::object, .rules = output_only, .of = &money},
    {.name = "status", .kind = form::choice, .rules = output_only},
    {.name = "reservationStatus", .kind = form::choice, .rules = output_only},
    {.name = "archived", .kind = form::boolean, .rules = output_only},
    {.name = "webPropertyCode"},
    {.name = "appliedLabels", .kind = form::opaque, .rules = repeated},
    {.name = "effectiveAppliedLabels", .kind = form::opaque, .rules = output_only | repeated},
    {.name = "sameAdvertiserExceptionEnabled", .kind = form::boolean},
    {.name = "updateSource", .rules = output_only},
    {.name = "notes"},
    {.name = "competitiveConstraintScope", .kind = form::choice, .choices = "PAGE STREAM POD"},
    {.name = "updateTime", .kind = form::timestamp, .rules = output_only},
    {.name = "createTime", .kind = form::timestamp, .rules = output_only},
    {.name = "customFieldValues", .kind = form::opaque, .rules = repeated},
    {.name = "missingCreatives", .kind = form::boolean, .rules = output_only},
    {.name = "thirdPartyMeasurementSettings", .kind = form::opaque},
    {.name = "youtubeKidsRestricted", .kind = form::boolean},
    {.name = "maxVideoCreativeDuration", .kind = form::duration},
    {.name = "goal", .kind = form::object, .of = &goal},
    {.name = "secondaryGoals", .kind = form::object, .rules = repeated, .of = &goal},
    {.name = "grpSettings", .kind = form::opaque},
    {.name = "dealInfo", .kind = form::opaque},
    {.name = "viewabilityProviderCompanies", .rules = repeated, .reference = "companies"},
    {.name = "childContentEligibility", .kind = form::choice, .choices = "ALLOWED DISALLOWED"},
    {.name = "customVastExtension"},
    {.name = "sponsorshipExclusivityEnabled", .kind = form::boolean},
    {.name = "repeatedCreativeServingEnabled", .kind = form::boolean},
    {.name = "targeting", .kind = form::object, .rules = required, .of = &targeting},
    {.name = "creativeTargetings", .kind = form::object, .rules = repeated, .of = &creative_targeting},
    {.name = "allowedFormats", .kind = form::choice, .rules = repeated, .choices = "AUDIO VIDEO DISPLAY"}};

}  // namespace

constinit const message creative_placeholder{.name = "CreativePlaceholder", .fields = creative_placeholder_fields};
constinit const message goal{.name = "Goal", .fields = goal_fields};
constinit const message size{.name = "Size", .fields = size_fields};
constinit const message order{.name = "Order", .fields = order_fields};
constinit const message line_item{.name = "LineItem", .fields = line_item_fields};

}  // namespace tenon::sandbox::gam
