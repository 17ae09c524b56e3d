#include "sandbox/gam/batch.hpp"
#include "sandbox/gam/collections.hpp"
#include "sandbox/gam/creatives.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

constexpr std::size_t activation_limit = 1000;

/// The line item of the path; "-" is any.
std::string parent_of(const call& request) { return name_of(*request.gam, "lineItems", request.ids[1]); }
bool is_any(const call& request) { return request.ids[1] == "-"; }

bool same_size(const json::object& left, const json::object& right) {
  return integer_of(left, "width") == integer_of(right, "width") &&
         integer_of(left, "height") == integer_of(right, "height");
}

/// A placeholder of the creative's size, or of one of the sizes the association overrides it with.
bool has_placeholder(const json::object& item, const json::object& fields, const json::object& creative_fields) {
  const auto& overrides = array_of(fields, "sizes");
  return std::ranges::any_of(array_of(item, "creativePlaceholders"), [&](const json::value& each) {
    const auto& wanted = object_of(each.get_object(), "size");
    return same_size(wanted, object_of(creative_fields, "size")) ||
           std::ranges::any_of(overrides,
                               [&](const json::value& size) { return same_size(wanted, size.get_object()); });
  });
}

void check_pairing(const gam_network& network, const json::object& fields, const std::string& path) {
  const auto& item = find(network.objects, "lineItems", text_of(fields, "lineItem"))->fields;
  const auto& of_creative = find(network.objects, "creatives", text_of(fields, "creative"))->fields;
  const auto& of_order = find(network.objects, "orders", text_of(item, "order"))->fields;
  if (text_of(of_creative, "advertiser") != text_of(of_order, "advertiser"))
    throw broken_rule("LineItemCreativeAssociationError", "CREATIVE_IN_WRONG_ADVERTISERS_LIBRARY",
                      "The creative belongs to another advertiser than the order.", path + ".creative");
  if (!has_placeholder(item, fields, of_creative))
    throw broken_rule("LineItemCreativeAssociationError", "INVALID_LINEITEM_CREATIVE_PAIRING",
                      "No placeholder of the line item has the creative's size.", path + ".creative");
  if (fields.contains("manualCreativeRotationWeight") && text_of(item, "creativeRotationType") != "WEIGHTED")
    throw invalid(path + ".manualCreativeRotationWeight", "Only a line item that rotates WEIGHTED takes a weight.");
  const auto label = text_of(fields, "targetingDisplayName");
  const bool known = std::ranges::any_of(array_of(item, "creativeTargetings"), [&](const json::value& each) {
    return text_of(each.get_object(), "creativeTargetingDisplayName") == label;
  });
  if (!label.empty() && !known)
    throw invalid(path + ".targetingDisplayName", "The line item has no creative targeting of that name.");
}

std::string key_of(const json::object& fields) {
  const auto creative_name = text_of(fields, "creative");
  return std::string(text_of(fields, "lineItem")) + "/creatives/" +
         std::string(creative_name.substr(creative_name.rfind('/') + 1));
}

json::object prepare(const call& request, const json::object& given, const std::string& path) {
  auto& network = *request.gam;
  auto fields = read_new(network, association, given, path);
  for (const auto name : {"startTime", "endTime", "destinationUrl"})
    if (fields.contains(name))
      throw broken_rule("FeatureError", "MISSING_FEATURE", "The network is not an Ad Manager 360 network.",
                        path + "." + name);
  if (!is_any(request) && text_of(fields, "lineItem") != parent_of(request))
    throw invalid(path + ".lineItem", "Expected the line item of the path, " + parent_of(request) + ".");
  if (text_of(fields, "creative").empty())
    throw invalid(path + ".creative", "The field is required; creative sets are not served here.");
  check_pairing(network, fields, path);
  if (table_of(network.objects, "associations").find(key_of(fields)))
    throw failure(409, "ALREADY_EXISTS",
                  "CommonError.ALREADY_EXISTS: the creative is already on the line item: " + key_of(fields));
  return fields;
}

json::object store_new(const call& request, json::object fields) {
  auto name = key_of(fields);
  fields["name"] = name;
  fields["status"] = "ACTIVE";
  fields["updateTime"] = rfc3339(request.now);
  return table_of(request.gam->objects, "associations").add(std::move(name), std::move(fields)).fields;
}

void check_line_item_is_parent(const call&, const json::object& given, const std::string& parent,
                               const std::string& path) {
  if (parent != text_of(given, "lineItem")) throw invalid(path, "Expected the association's line item.");
}

void check_distinct(const std::vector<json::object>& made) {
  if (std::ranges::count(made, key_of(made.back()), key_of) > 1)
    throw failure(409, "ALREADY_EXISTS", "CommonError.DUPLICATE_OBJECT: the batch has an association twice.");
}

const batch_kind associations{.name = "lineItemCreativeAssociation",
                              .collection = "associations",
                              .plural = "lineItemCreativeAssociations",
                              .prepare = prepare,
                              .store_new = store_new,
                              .prepare_update = nullptr,
                              .store_update = nullptr,
                              .check_parent = check_line_item_is_parent,
                              .check_together = check_distinct};

}  // namespace

http::response get_association(call& request) {
  allow_query(request);
  return answer(request,
                existing(*request.gam, "associations", parent_of(request) + "/creatives/" + request.ids[2]).fields);
}

http::response list_associations(call& request) {
  if (!is_any(request)) existing(*request.gam, "lineItems", parent_of(request));
  const auto prefix = is_any(request) ? request.gam->name() + "/" : parent_of(request) + "/";
  return list_page(request, "associations", "lineItemCreativeAssociations",
                   [&](const record& held) { return held.key.starts_with(prefix); });
}

http::response create_association(call& request) {
  allow_query(request);
  if (is_any(request)) throw invalid("parent", "Expected one line item; only a batch takes -.");
  return answer(request, store_new(request, prepare(request, body_of(request), "lineItemCreativeAssociation")));
}

http::response create_associations(call& request) { return create_batch(request, associations); }

http::response act_on_associations(call& request) {
  allow_query(request);
  const auto body = body_of(request);
  allow_only(body, {"names"});
  const auto all = named(*request.gam, "associations", body, activation_limit);
  for (const auto* each : all)
    if (!is_any(request) && !each->key.starts_with(parent_of(request) + "/"))
      throw invalid("names", "Expected associations of the path's line item.");
  for (auto* each : all) {
    each->fields["status"] = request.subject == "activate" ? "ACTIVE" : "INACTIVE";
    each->fields["updateTime"] = rfc3339(request.now);
  }
  return json_answer(200, json::object());
}

}  // namespace tenon::sandbox::gam
