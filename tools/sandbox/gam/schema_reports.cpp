#include "sandbox/gam/schema.hpp"

/// Reports.
namespace tenon::sandbox::gam {
namespace {

// The part of the 770 dimensions and 533 metrics that a sales agent asks for.
constexpr std::string_view dimensions =
    "ADVERTISER_ID ADVERTISER_NAME AD_UNIT_ID AD_UNIT_NAME COUNTRY_CODE COUNTRY_ID COUNTRY_NAME "
    "CREATIVE_ID CREATIVE_NAME DATE DEVICE_CATEGORY HOUR LINE_ITEM_ID LINE_ITEM_NAME LINE_ITEM_TYPE "
    "MONTH_YEAR ORDER_ID ORDER_NAME WEEK";
constexpr std::string_view metrics =
    "AD_SERVER_ACTIVE_VIEW_AVERAGE_VIEWABLE_TIME AD_SERVER_ACTIVE_VIEW_ELIGIBLE_IMPRESSIONS "
    "AD_SERVER_ACTIVE_VIEW_MEASURABLE_IMPRESSIONS AD_SERVER_ACTIVE_VIEW_MEASURABLE_IMPRESSIONS_RATE "
    "AD_SERVER_ACTIVE_VIEW_NON_MEASURABLE_IMPRESSIONS AD_SERVER_ACTIVE_VIEW_NON_VIEWABLE_IMPRESSIONS "
    "AD_SERVER_ACTIVE_VIEW_NON_VIEWABLE_IMPRESSIONS_DISTRIBUTION AD_SERVER_ACTIVE_VIEW_REVENUE "
    "AD_SERVER_ACTIVE_VIEW_UNDETERMINED_IMPRESSIONS_DISTRIBUTION AD_SERVER_ACTIVE_VIEW_VIEWABLE_IMPRESSIONS "
    "AD_SERVER_ACTIVE_VIEW_VIEWABLE_IMPRESSIONS_DISTRIBUTION AD_SERVER_ACTIVE_VIEW_VIEWABLE_IMPRESSIONS_RATE "
    "AD_SERVER_CLICKS AD_SERVER_CPD_REVENUE AD_SERVER_CTR AD_SERVER_IMPRESSIONS AD_SERVER_REVENUE "
    "AD_SERVER_UNFILTERED_IMPRESSIONS CLICKS CTR IMPRESSIONS REVENUE VIDEO_INTERACTION_AVERAGE_INTERACTION_RATE "
    "VIDEO_INTERACTION_COLLAPSES VIDEO_INTERACTION_EXPANDS VIDEO_INTERACTION_FULL_SCREENS VIDEO_INTERACTION_MUTES "
    "VIDEO_INTERACTION_PAUSES VIDEO_INTERACTION_RESUMES VIDEO_INTERACTION_REWINDS VIDEO_INTERACTION_UNMUTES "
    "VIDEO_INTERACTION_VIDEO_SKIPS VIDEO_VIEWERSHIP_AUTO_PLAYS VIDEO_VIEWERSHIP_AVERAGE_VIEW_RATE "
    "VIDEO_VIEWERSHIP_AVERAGE_VIEW_TIME VIDEO_VIEWERSHIP_CLICK_TO_PLAYS VIDEO_VIEWERSHIP_COMPLETES "
    "VIDEO_VIEWERSHIP_COMPLETION_RATE VIDEO_VIEWERSHIP_ENGAGED_VIEWS VIDEO_VIEWERSHIP_FIRST_QUARTILES "
    "VIDEO_VIEWERSHIP_MIDPOINTS VIDEO_VIEWERSHIP_SKIP_BUTTONS_SHOWN VIDEO_VIEWERSHIP_STARTS "
    "VIDEO_VIEWERSHIP_THIRD_QUARTILES VIDEO_VIEWERSHIP_TOTAL_ERROR_COUNT VIDEO_VIEWERSHIP_TOTAL_ERROR_RATE "
    "VIDEO_VIEWERSHIP_VIDEO_LENGTH VIDEO_VIEWERSHIP_VIEW_THROUGH_RATE";
constexpr std::string_view value_types =
    "PRIMARY PRIMARY_PERCENT_OF_TOTAL COMPARISON COMPARISON_PERCENT_OF_TOTAL ABSOLUTE_CHANGE RELATIVE_CHANGE";

constexpr field date_fields[] = {{.name = "year", .kind = form::int32},
                                 {.name = "month", .kind = form::int32},
                                 {.name = "day", .kind = form::int32}};
constexpr message date{.name = "Date", .fields = date_fields};

constexpr field fixed_date_range_fields[] = {
    {.name = "startDate", .kind = form::object, .rules = required, .of = &date},
    {.name = "endDate", .kind = form::object, .rules = required, .of = &date}};
constexpr message fixed_date_range{.name = "FixedDateRange", .fields = fixed_date_range_fields};

constexpr field date_range_fields[] = {
    {.name = "fixed", .kind = form::object, .of = &fixed_date_range},
    {.name = "relative",
     .kind = form::choice,
     .choices = "TODAY YESTERDAY THIS_WEEK THIS_WEEK_TO_DATE THIS_WEEK_TO_YESTERDAY THIS_MONTH THIS_MONTH_TO_DATE "
                "THIS_MONTH_TO_YESTERDAY THIS_QUARTER THIS_QUARTER_TO_DATE THIS_QUARTER_TO_YESTERDAY THIS_YEAR "
                "THIS_YEAR_TO_DATE THIS_YEAR_TO_YESTERDAY LAST_WEEK LAST_WEEK_STARTING_SUNDAY LAST_MONTH LAST_QUARTER "
                "LAST_YEAR LAST_7_DAYS LAST_30_DAYS LAST_60_DAYS LAST_90_DAYS LAST_93_DAYS LAST_180_DAYS LAST_360_DAYS "
                "LAST_365_DAYS LAST_3_MONTHS LAST_6_MONTHS LAST_12_MONTHS ALL_AVAILABLE TOMORROW NEXT_90_DAYS "
                "NEXT_MONTH NEXT_3_MONTHS NEXT_12_MONTHS NEXT_WEEK NEXT_QUARTER TO_END_OF_NEXT_MONTH PREVIOUS_PERIOD "
                "SAME_PERIOD_PREVIOUS_YEAR"}};
constexpr message date_range{.name = "DateRange", .fields = date_range_fields};

constexpr field int_list_fields[] = {{.name = "values", .kind = form::int64, .rules = repeated}};
constexpr message int_list{.name = "IntList", .fields = int_list_fields};

constexpr field string_list_fields[] = {{.name = "values", .rules = repeated}};
constexpr message string_list{.name = "StringList", .fields = string_list_fields};

constexpr field double_list_fields[] = {{.name = "values", .kind = form::number, .rules = repeated}};
constexpr message double_list{.name = "DoubleList", .fields = double_list_fields};

constexpr field report_value_fields[] = {{.name = "intValue", .kind = form::int64},
                                         {.name = "doubleValue", .kind = form::number},
                                         {.name = "stringValue"},
                                         {.name = "boolValue", .kind = form::boolean},
                                         {.name = "intListValue", .kind = form::object, .of = &int_list},
                                         {.name = "stringListValue", .kind = form::object, .of = &string_list},
                                         {.name = "doubleListValue", .kind = form::object, .of = &double_list},
                                         {.name = "bytesValue", .kind = form::bytes}};
constexpr message report_value{.name = "ReportValue", .fields = report_value_fields};

constexpr field report_field_fields[] = {{.name = "dimension", .kind = form::choice, .choices = dimensions},
                                         {.name = "metric", .kind = form::choice, .choices = metrics}};
constexpr message report_field{.name = "Field", .fields = report_field_fields};

constexpr field slice_fields[] = {{.name = "dimension", .kind = form::choice, .rules = required, .choices = dimensions},
                                  {.name = "value", .kind = form::object, .rules = required, .of = &report_value}};
constexpr message slice{.name = "Slice", .fields = slice_fields};

constexpr field field_filter_fields[] = {
    {.name = "field", .kind = form::object, .rules = required, .of = &report_field},
    {.name = "operation",
     .kind = form::choice,
     .rules = required,
     .choices = "IN NOT_IN CONTAINS NOT_CONTAINS LESS_THAN LESS_THAN_EQUALS GREATER_THAN GREATER_THAN_EQUALS BETWEEN "
                "MATCHES NOT_MATCHES"},
    {.name = "values", .kind = form::object, .rules = required | repeated, .of = &report_value},
    {.name = "slice", .kind = form::object, .of = &slice},
    {.name = "timePeriodIndex", .kind = form::int32},
    {.name = "metricValueType", .kind = form::choice, .choices = value_types}};
constexpr message field_filter{.name = "FieldFilter", .fields = field_filter_fields};

constexpr field filter_list_fields[] = {
    {.name = "filters", .kind = form::object, .rules = required | repeated, .of = &report_filter}};
constexpr message filter_list{.name = "FilterList", .fields = filter_list_fields};

constexpr field sort_fields[] = {{.name = "field", .kind = form::object, .rules = required, .of = &report_field},
                                 {.name = "descending", .kind = form::boolean},
                                 {.name = "slice", .kind = form::object, .of = &slice},
                                 {.name = "timePeriodIndex", .kind = form::int32},
                                 {.name = "metricValueType", .kind = form::choice, .choices = value_types}};
constexpr message sort{.name = "Sort", .fields = sort_fields};

constexpr field report_definition_fields[] = {
    {.name = "dimensions", .kind = form::choice, .rules = required | repeated, .choices = dimensions},
    {.name = "metrics", .kind = form::choice, .rules = required | repeated, .choices = metrics},
    {.name = "filters", .kind = form::object, .rules = repeated, .of = &report_filter},
    {.name = "timeZoneSource", .kind = form::choice, .choices = "PUBLISHER AD_EXCHANGE UTC PROVIDED"},
    {.name = "timeZone"},
    {.name = "currencyCode"},
    {.name = "dateRange", .kind = form::object, .rules = required, .of = &date_range},
    {.name = "comparisonDateRange", .kind = form::object, .of = &date_range},
    {.name = "cmsMetadataDimensionKeyIds", .kind = form::int64, .rules = repeated},
    {.name = "customDimensionKeyIds", .kind = form::int64, .rules = repeated},
    {.name = "ekvDimensionKeyIds", .kind = form::int64, .rules = repeated},
    {.name = "lineItemCustomFieldIds", .kind = form::int64, .rules = repeated},
    {.name = "orderCustomFieldIds", .kind = form::int64, .rules = repeated},
    {.name = "creativeCustomFieldIds", .kind = form::int64, .rules = repeated},
    {.name = "reportType",
     .kind = form::choice,
     .rules = required,
     .choices =
         "HISTORICAL FUTURE_SELL_THROUGH REACH PRIVACY_AND_MESSAGING REVENUE_VERIFICATION PARTNER_FINANCE AD_SPEED "
         "REAL_TIME_VIDEO YOUTUBE_CONSOLIDATED ADS_TRAFFIC_NAVIGATOR OFF_PROPERTY_CAMPAIGNS ON_PLATFORM_MULTICALL"},
    {.name = "timePeriodColumn",
     .kind = form::choice,
     .choices = "TIME_PERIOD_COLUMN_DATE TIME_PERIOD_COLUMN_WEEK TIME_PERIOD_COLUMN_MONTH TIME_PERIOD_COLUMN_QUARTER"},
    {.name = "flags", .kind = form::opaque, .rules = repeated},
    {.name = "sorts", .kind = form::object, .rules = repeated, .of = &sort},
    {.name = "expandedCompatibility", .kind = form::boolean}};
constexpr message report_definition{.name = "ReportDefinition", .fields = report_definition_fields};

constexpr field report_filter_fields[] = {{.name = "fieldFilter", .kind = form::object, .of = &field_filter},
                                          {.name = "notFilter", .kind = form::object, .of = &report_filter},
                                          {.name = "andFilter", .kind = form::object, .of = &filter_list},
                                          {.name = "orFilter", .kind = form::object, .of = &filter_list}};

constexpr field report_fields[] = {
    {.name = "name", .rules = identifier},
    {.name = "reportId", .kind = form::int64, .rules = output_only},
    {.name = "visibility", .kind = form::choice, .choices = "HIDDEN VISIBLE"},
    {.name = "reportDefinition", .kind = form::object, .rules = required, .of = &report_definition},
    {.name = "displayName"},
    {.name = "updateTime", .kind = form::timestamp, .rules = output_only},
    {.name = "createTime", .kind = form::timestamp, .rules = output_only},
    {.name = "locale", .rules = output_only},
    {.name = "scheduleOptions", .kind = form::opaque}};

}  // namespace

constinit const message report_filter{.name = "Filter", .fields = report_filter_fields};
constinit const message report{.name = "Report", .fields = report_fields};

}  // namespace tenon::sandbox::gam
