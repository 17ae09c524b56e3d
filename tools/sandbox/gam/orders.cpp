#include "sandbox/gam/orders.hpp"

#include "sandbox/gam/batch.hpp"
#include "sandbox/gam/collections.hpp"
#include "sandbox/gam/line_items.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

void check_order(const gam_network& network, const json::object& fields, std::string_view self,
                 const std::string& path) {
  const auto limit = [&](std::string_view name, std::size_t most) {
    if (text_of(fields, name).size() > most)
      throw invalid(path + "." + std::string(name), "Expected at most " + std::to_string(most) + " characters.");
  };
  limit("displayName", 255);
  limit("poNumber", 63);
  const auto* advertiser = find(network.objects, "companies", text_of(fields, "advertiser"));
  if (!text_of(advertiser->fields, "type").ends_with("ADVERTISER"))
    throw invalid(path + ".advertiser", "Expected a company of type ADVERTISER or HOUSE_ADVERTISER.");
  const auto all = network.objects.find("orders");
  if (all == network.objects.end()) return;
  all->second.each([&](const record& other) {
    if (other.key != self && text_of(other.fields, "status") != "DELETED" &&
        text_of(other.fields, "displayName") == text_of(fields, "displayName"))
      throw failure(409, "ALREADY_EXISTS", "UniqueError.NOT_UNIQUE: an order of that displayName exists: " + other.key);
  });
}

std::string_view status_of(const record& order) { return text_of(order.fields, "status"); }

[[noreturn]] void not_applicable(const record& order, std::string_view action) {
  throw wrong_state("OrderActionError", "NOT_APPLICABLE",
                    "The order is " + std::string(status_of(order)) + ", which " + std::string(action) +
                        " does not apply to: " + order.key);
}

bool has_line_item_in(const call& request, const record& order, std::string_view status) {
  return std::ranges::any_of(line_items_of(*request.gam, order.key), [&](const record* item) {
    return text_of(item->fields, "status").starts_with(status) && !flag_of(item->fields, "archived");
  });
}

/// Whether the action may be taken, before any is.
void check_action(const call& request, const record& order, std::string_view action) {
  const auto status = status_of(order);
  const bool archived = flag_of(order.fields, "archived");
  if (action == "unarchive" ? !archived : archived) {
    if (archived) throw wrong_state("OrderActionError", "IS_ARCHIVED", "The order is archived: " + order.key);
    not_applicable(order, action);
  }
  bool fits = status != "DELETED" && status != "CANCELED";
  if (action == "approve")
    fits = status == "DRAFT" || status == "PENDING_APPROVAL" ||
           (status == "APPROVED" && has_line_item_in(request, order, "DRAFT"));
  if (action == "submit") fits = status == "DRAFT" || status == "DISAPPROVED";
  if (action == "disapprove") fits = status == "PENDING_APPROVAL";
  if (action == "retract") fits = status == "PENDING_APPROVAL" || status == "APPROVED";
  if (action == "pause") fits = status == "APPROVED" && has_line_item_in(request, order, "READY");
  if (action == "resume") fits = status == "APPROVED" && has_line_item_in(request, order, "PAUSED");
  if (action == "delete") fits = status == "DRAFT";
  if (!fits) not_applicable(order, action);
}

void act(call& request, record& order, std::string_view action, bool reserve) {
  auto& network = *request.gam;
  const auto items = line_items_of(network, order.key);
  const auto each_item = [&](auto&& change) {
    for (const auto* item : items) change(existing(network, "lineItems", item->key));
  };
  if (action == "approve") {
    if (items.empty()) return;  // an order without line items falls back to DRAFT
    order.fields["status"] = "APPROVED";
    each_item([&](record& item) { approve_line_item(item, reserve); });
  } else if (action == "submit") {
    order.fields["status"] = "PENDING_APPROVAL";
    each_item([](record& item) { item.fields["status"] = "PENDING_APPROVAL"; });
  } else if (action == "disapprove") {
    order.fields["status"] = "DISAPPROVED";
    each_item([](record& item) { item.fields["status"] = "DISAPPROVED"; });
  } else if (action == "retract") {
    order.fields["status"] = "DRAFT";
    each_item([](record& item) { item.fields["status"] = "DRAFT"; });
  } else if (action == "pause") {
    each_item([&](record& item) { pause_line_item(item, request.now); });
  } else if (action == "resume") {
    each_item([](record& item) { resume_line_item(item); });
  } else if (action == "archive" || action == "unarchive") {
    order.fields["archived"] = action == "archive";
    each_item([&](record& item) { archive_line_item(item, action == "archive", request.now); });
  } else if (action == "delete") {
    order.fields["status"] = "DELETED";
    for (const auto* item : items) table_of(network.objects, "lineItems").erase(item->key);
  }
  order.fields["updateTime"] = rfc3339(request.now);
}

bool may_skip_inventory_check(std::string_view name) {
  return name == "approve" || name == "approveAndOverbook" || name == "resume" || name == "submitForApproval";
}

/// "approveAndOverbook" -> {"approve", reserve}: the variants differ in what they reserve.
std::string_view plain_action(std::string_view name) {
  for (const auto plain :
       {"approve", "submit", "disapprove", "retract", "pause", "resume", "unarchive", "archive", "delete"})
    if (name.starts_with(plain)) return plain;
  return name;
}

json::object prepare(const call& request, const json::object& given, const std::string& path) {
  auto fields = read_new(*request.gam, order, given, path);
  check_order(*request.gam, fields, "", path);
  return fields;
}

json::object store_new(const call& request, json::object fields) {
  auto& network = *request.gam;
  auto name = next_name(network, "orders");
  fields["name"] = name;
  fields["status"] = "DRAFT";
  fields["archived"] = false;
  fields["currencyCode"] = text_of(find(network.objects, "networks", network.name())->fields, "currencyCode");
  fields["creator"] = name_of(network, "users", "77");
  fields["updateTime"] = rfc3339(request.now);
  const auto& held = table_of(network.objects, "orders").add(std::move(name), std::move(fields));
  return show(network, "orders", held, request.now);
}

json::object prepare_update(const call& request, const record& held, const json::object& given, std::string_view mask,
                            const std::string& path) {
  if (flag_of(held.fields, "archived"))
    throw wrong_state("OrderError", "UPDATE_ARCHIVED_ORDER_NOT_ALLOWED", "The order is archived: " + held.key);
  auto fields = read_update(*request.gam, order, held, given, mask, path);
  check_order(*request.gam, fields, held.key, path);
  return fields;
}

json::object store_update(const call& request, record& held, json::object fields) {
  held.fields = std::move(fields);
  held.fields["updateTime"] = rfc3339(request.now);
  return show(*request.gam, "orders", held, request.now);
}

void check_distinct(const std::vector<json::object>& made) {
  const auto name_of_order = [](const json::object& fields) { return text_of(fields, "displayName"); };
  if (std::ranges::count(made, name_of_order(made.back()), name_of_order) > 1)
    throw failure(409, "ALREADY_EXISTS", "UniqueError.NOT_UNIQUE: the batch has that displayName twice.");
}

const batch_kind orders{.name = "order",
                        .collection = "orders",
                        .plural = "orders",
                        .prepare = prepare,
                        .store_new = store_new,
                        .prepare_update = prepare_update,
                        .store_update = store_update,
                        .check_parent = nullptr,
                        .check_together = check_distinct};

}  // namespace

http::response create_orders(call& request) { return create_batch(request, orders); }
http::response update_orders(call& request) { return update_batch(request, orders); }

http::response act_on_orders(call& request) {
  allow_query(request);
  const auto body = body_of(request);
  const auto action = plain_action(request.subject);
  if (may_skip_inventory_check(request.subject))
    allow_only(body, {"names", "skipInventoryCheck"});
  else
    allow_only(body, {"names"});
  const auto orders = named(*request.gam, "orders", body);
  for (const auto* each : orders) check_action(request, *each, action);
  for (auto* each : orders) act(request, *each, action, !request.subject.ends_with("WithoutReservation"));
  return json_answer(200, json::object());
}

}  // namespace tenon::sandbox::gam
