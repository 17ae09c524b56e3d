#include "sandbox/gam/schema.hpp"

/// Creatives and their association with line items. `details` is a oneof upstream; here each of its members is a field,
/// and creatives.cpp counts them.
namespace tenon::sandbox::gam {
namespace {

constexpr std::string_view url_types = "CLICK_TO_APP CLICK_TO_CALL CLICK_TO_WEB NONE";
constexpr std::string_view orientations = "FREE_ORIENTATION PORTRAIT_ONLY LANDSCAPE_ONLY";

constexpr field asset_fields[] = {{.name = "asset"},
                                  {.name = "assetByteArray", .kind = form::bytes, .rules = input_only},
                                  {.name = "fileName"},
                                  {.name = "fileSize", .kind = form::int64, .rules = output_only},
                                  {.name = "assetUrl", .rules = output_only},
                                  {.name = "size", .kind = form::object, .of = &size},
                                  {.name = "clickTags", .kind = form::opaque, .rules = output_only | repeated},
                                  {.name = "imageDensity"}};
constexpr message asset{.name = "CreativeAsset", .fields = asset_fields};

constexpr field custom_fields[] = {
    {.name = "htmlSnippet", .rules = required},
    {.name = "ampHtmlSnippet"},
    {.name = "interstitial", .kind = form::boolean},
    {.name = "destinationUrl"},
    {.name = "destinationUrlType", .kind = form::choice, .choices = url_types},
    {.name = "safeFrameCompatible", .kind = form::boolean, .rules = input_only},
    {.name = "effectiveSafeFrameCompatible", .kind = form::boolean, .rules = output_only},
    {.name = "thirdPartyImpressionTrackingUrls", .rules = repeated},
    {.name = "lockedOrientation", .kind = form::choice, .choices = orientations},
    {.name = "customCreativeAssets", .kind = form::opaque, .rules = repeated}};
constexpr message custom{.name = "CustomCreativeDetails", .fields = custom_fields};

constexpr field html5_fields[] = {{.name = "lockedOrientation", .kind = form::choice, .choices = orientations},
                                  {.name = "overrideSize", .kind = form::boolean},
                                  {.name = "thirdPartyImpressionTrackingUrls", .rules = repeated},
                                  {.name = "thirdPartyClickTrackingUrl"},
                                  {.name = "safeFrameCompatible", .kind = form::boolean},
                                  {.name = "html5Asset", .kind = form::object, .rules = required, .of = &asset}};
constexpr message html5{.name = "Html5CreativeDetails", .fields = html5_fields};

constexpr field image_fields[] = {
    {.name = "altText"},
    {.name = "destinationUrl"},
    {.name = "destinationUrlType", .kind = form::choice, .choices = url_types},
    {.name = "thirdPartyImpressionTrackingUrls", .rules = repeated},
    {.name = "ampDestinationUrl"},
    {.name = "lockedOrientation", .kind = form::choice, .choices = orientations},
    {.name = "primaryImageAsset", .kind = form::object, .of = &asset},
    {.name = "secondaryImageAssets", .kind = form::object, .rules = repeated, .of = &asset},
    {.name = "overrideSize", .kind = form::boolean}};
constexpr message image{.name = "ImageCreativeDetails", .fields = image_fields};

constexpr field image_redirect_fields[] = {{.name = "destinationUrl"},
                                           {.name = "destinationUrlType", .kind = form::choice, .choices = url_types},
                                           {.name = "altText"},
                                           {.name = "imageUrl", .rules = required},
                                           {.name = "thirdPartyImpressionTrackingUrls", .rules = repeated}};
constexpr message image_redirect{.name = "ImageRedirectCreativeDetails", .fields = image_redirect_fields};

constexpr field third_party_fields[] = {
    {.name = "snippet"},
    {.name = "expandedSnippet", .rules = output_only},
    {.name = "lockedOrientation", .kind = form::choice, .choices = orientations},
    {.name = "sslScanResult", .rules = output_only},
    {.name = "sslManualOverride", .kind = form::choice, .choices = "NOT_SSL_COMPATIBLE NO_OVERRIDE SSL_COMPATIBLE"},
    {.name = "safeFrameCompatible", .kind = form::boolean},
    {.name = "thirdPartyImpressionTrackingUrls", .rules = repeated},
    {.name = "ampRedirectUrl"},
    {.name = "destinationUrl"},
    {.name = "destinationUrlType", .kind = form::choice, .choices = url_types}};
constexpr message third_party{.name = "ThirdPartyCreativeDetails", .fields = third_party_fields};

constexpr field template_fields[] = {{.name = "ampDestinationUrl"},
                                     {.name = "lockedOrientation", .kind = form::choice, .choices = orientations},
                                     {.name = "destinationUrl"},
                                     {.name = "destinationUrlType", .kind = form::choice, .choices = url_types}};
constexpr message template_details{.name = "TemplateCreativeDetails", .fields = template_fields};

constexpr field vast_redirect_fields[] = {{.name = "vastXmlUrl", .rules = required},
                                          {.name = "vastRedirectType",
                                           .kind = form::choice,
                                           .rules = required,
                                           .choices = "LINEAR NON_LINEAR LINEAR_AND_NON_LINEAR"},
                                          {.name = "duration", .kind = form::duration, .rules = required},
                                          {.name = "vastPricingEnabled", .kind = form::boolean},
                                          {.name = "programmaticDemandSource", .kind = form::boolean},
                                          {.name = "serverSideUnwrappingDisabled", .kind = form::boolean},
                                          {.name = "trackingUrls", .kind = form::opaque, .rules = repeated},
                                          {.name = "vastPreviewUrl", .rules = output_only},
                                          {.name = "audio", .kind = form::boolean},
                                          {.name = "destinationUrl"},
                                          {.name = "destinationUrlType", .kind = form::choice, .choices = url_types}};
constexpr message vast_redirect{.name = "VastRedirectCreativeDetails", .fields = vast_redirect_fields};

constexpr field video_fields[] = {{.name = "vastInfo", .kind = form::opaque}};
constexpr message video{.name = "VideoCreativeDetails", .fields = video_fields};

constexpr field click_tracking_fields[] = {{.name = "clickTrackingUrl"}};
constexpr message click_tracking{.name = "ClickTrackingCreativeDetails", .fields = click_tracking_fields};

constexpr field creative_fields[] = {{.name = "name", .rules = identifier},
                                     {.name = "displayName", .rules = required},
                                     {.name = "advertiser", .rules = required, .reference = "companies"},
                                     {.name = "updateTime", .kind = form::timestamp, .rules = output_only},
                                     {.name = "customFieldValues", .kind = form::opaque, .rules = repeated},
                                     {.name = "previewUrl", .rules = output_only},
                                     {.name = "size", .kind = form::object, .rules = required | immutable, .of = &size},
                                     {.name = "thirdPartyDataDeclaration", .kind = form::opaque},
                                     {.name = "thirdPartyDataDeclarationStatus", .rules = output_only},
                                     {.name = "selfDeclaredEuropeanUnionPoliticalContent", .kind = form::boolean},
                                     {.name = "adBadgingEnabled", .kind = form::boolean},
                                     {.name = "appliedLabels", .kind = form::opaque, .rules = repeated},
                                     {.name = "buyerPlacementConfig", .kind = form::opaque},
                                     {.name = "clickTrackingCreative", .kind = form::object, .of = &click_tracking},
                                     {.name = "customCreative", .kind = form::object, .of = &custom},
                                     {.name = "html5Creative", .kind = form::object, .of = &html5},
                                     {.name = "imageCreative", .kind = form::object, .of = &image},
                                     {.name = "imageRedirectCreative", .kind = form::object, .of = &image_redirect},
                                     {.name = "templateCreative", .kind = form::object, .of = &template_details},
                                     {.name = "thirdPartyCreative", .kind = form::object, .of = &third_party},
                                     {.name = "vastRedirectCreative", .kind = form::object, .of = &vast_redirect},
                                     {.name = "videoCreative", .kind = form::object, .of = &video},
                                     {.name = "videoRedirectCreative", .kind = form::object, .of = &video},
                                     {.name = "audioCreative", .kind = form::opaque},
                                     {.name = "audioRedirectCreative", .kind = form::opaque}};

constexpr field association_stats_fields[] = {
    {.name = "impressionsDelivered", .kind = form::int64, .rules = output_only},
    {.name = "clicksDelivered", .kind = form::int64, .rules = output_only},
    {.name = "viewableImpressionsDelivered", .kind = form::int64, .rules = output_only}};
constexpr message association_stats{.name = "LineItemCreativeAssociationStats", .fields = association_stats_fields};

constexpr field association_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "lineItem", .rules = required | immutable, .reference = "lineItems"},
    {.name = "creative", .rules = immutable, .reference = "creatives"},
    {.name = "creativeSet", .rules = immutable},
    {.name = "status", .rules = output_only},
    {.name = "startTime", .kind = form::timestamp},
    {.name = "endTime", .kind = form::timestamp},
    {.name = "sizes", .kind = form::object, .rules = repeated, .of = &size},
    {.name = "destinationUrl"},
    {.name = "manualCreativeRotationWeight", .kind = form::number},
    {.name = "sequentialCreativeRotationIndex", .kind = form::int32},
    {.name = "targetingDisplayName"},
    {.name = "updateTime", .kind = form::timestamp, .rules = output_only},
    {.name = "stats", .kind = form::object, .rules = output_only, .of = &association_stats}};

}  // namespace

constinit const message creative{.name = "Creative", .fields = creative_fields};
constinit const message association{.name = "LineItemCreativeAssociation", .fields = association_fields};

}  // namespace tenon::sandbox::gam
