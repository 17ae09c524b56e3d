#include "sandbox/gam/line_items.hpp"

#include "sandbox/gam/batch.hpp"
#include "sandbox/gam/collections.hpp"
#include "sandbox/gam/line_item_rules.hpp"

namespace tenon::sandbox::gam {
namespace {

std::string_view status_of(const record& item) { return text_of(item.fields, "status"); }

bool is_guaranteed(const record& item) {
  const auto type = text_of(item.fields, "lineItemType");
  return type == "STANDARD" || type == "SPONSORSHIP";
}

/// Reads and checks; nothing is stored yet.
json::object prepare(const call& request, const json::object& given, const std::string& path) {
  auto fields = read_new(*request.gam, line_item, given, path);
  check_line_item(*request.gam, nullptr, fields, request.now, path);
  add_line_item_defaults(fields);
  return fields;
}

/// In an approved order a line item stays DRAFT until it is reserved, activated or the order approved again, unless it
/// asks to be reserved on creation.
json::object store_new(const call& request, json::object fields) {
  auto& network = *request.gam;
  const auto* order = find(network.objects, "orders", text_of(fields, "order"));
  const bool reserve = flag_of(fields, "reserveOnCreation") && text_of(order->fields, "status") == "APPROVED";
  drop_input_only(line_item, fields);
  auto name = next_name(network, "lineItems");
  fields["name"] = name;
  fields["status"] = "DRAFT";
  fields["reservationStatus"] = "UNRESERVED";
  fields["archived"] = false;
  fields["createTime"] = rfc3339(request.now);
  fields["updateTime"] = rfc3339(request.now);
  network.line_items_of[order->key].push_back(name);
  auto& held = table_of(network.objects, "lineItems").add(std::move(name), std::move(fields));
  if (reserve) approve_line_item(held, true);
  return show(network, "lineItems", held, request.now);
}

json::object prepare_update(const call& request, const record& held, const json::object& given, std::string_view mask,
                            const std::string& path) {
  auto fields = read_update(*request.gam, line_item, held, given, mask, path);
  check_line_item(*request.gam, &held, fields, request.now, path);
  drop_input_only(line_item, fields);
  return fields;
}

json::object store_update(const call& request, record& held, json::object fields) {
  held.fields = std::move(fields);
  held.fields["updateTime"] = rfc3339(request.now);
  return show(*request.gam, "lineItems", held, request.now);
}

[[noreturn]] void refuse(const record& item, std::string_view reason, std::string_view status) {
  throw wrong_state("LineItemOperationError", reason, "The line item is " + std::string(status) + ": " + item.key);
}

/// Whether the action may be taken, before any is.
void check_action(const call& request, const record& item, std::string_view action) {
  const auto status = computed_status(*request.gam, item, request.now);
  const auto stored = status_of(item);
  const bool archived = flag_of(item.fields, "archived");
  if (action == "unarchive" ? !archived : archived)
    refuse(item, "NOT_APPLICABLE", archived ? "archived" : "not archived");
  if (action == "unarchive" || action == "archive") return;
  if (action == "delete") {
    if (stored != "DRAFT") refuse(item, "NOT_APPLICABLE", status);
    return;
  }
  if (status == "COMPLETED") refuse(item, "HAS_COMPLETED", status);
  const auto* order = find(request.gam->objects, "orders", text_of(item.fields, "order"));
  if (text_of(order->fields, "status") != "APPROVED")
    refuse(item, "NOT_APPLICABLE", "in an order that is not approved");
  const bool paused = stored.starts_with("PAUSED");
  if (action == "pause" && stored != "READY") refuse(item, "NOT_APPLICABLE", status);
  if (action == "resume" && !paused) refuse(item, "NOT_APPLICABLE", status);
  if (action == "release" && text_of(item.fields, "reservationStatus") != "RESERVED")
    refuse(item, "NOT_APPLICABLE", status);
  if (action == "activate" && paused) refuse(item, "NOT_APPLICABLE", status);
  if (action == "activate" && misses_creatives(*request.gam, item)) refuse(item, "HAS_NO_ACTIVE_CREATIVES", status);
}

void act(const call& request, record& item, std::string_view action) {
  if (action == "pause")
    pause_line_item(item, request.now);
  else if (action == "resume")
    resume_line_item(item);
  else if (action == "activate")
    item.fields["status"] = "READY";
  else if (action == "reserve")
    approve_line_item(item, true);
  else if (action == "archive" || action == "unarchive")
    archive_line_item(item, action == "archive", request.now);
  else if (action == "release") {
    pause_line_item(item, request.now);
    item.fields["status"] = "PAUSED_INVENTORY_RELEASED";
    item.fields["reservationStatus"] = "UNRESERVED";
  }
  item.fields["updateTime"] = rfc3339(request.now);
}

std::string_view plain_action(std::string_view name) {
  for (const auto plain : {"resume", "reserve"})
    if (name.starts_with(plain)) return plain;
  return name;
}

const batch_kind line_items{.name = "lineItem",
                            .collection = "lineItems",
                            .plural = "lineItems",
                            .prepare = prepare,
                            .store_new = store_new,
                            .prepare_update = prepare_update,
                            .store_update = store_update,
                            .check_parent = nullptr,
                            .check_together = nullptr};

}  // namespace

void approve_line_item(record& item, bool reserve) {
  const auto status = status_of(item);
  if (status != "DRAFT" && status != "PENDING_APPROVAL" && status != "READY") return;
  item.fields["status"] = "READY";
  if (reserve && is_guaranteed(item)) item.fields["reservationStatus"] = "RESERVED";
}

void pause_line_item(record& item, sys_seconds now) {
  if (status_of(item) != "READY") return;
  item.fields["status"] = "PAUSED";
  item.paused_at = now;
}

void resume_line_item(record& item) {
  if (!status_of(item).starts_with("PAUSED")) return;
  item.fields["status"] = "READY";
  item.paused_at.reset();
}

void archive_line_item(record& item, bool archived, sys_seconds now) {
  if (archived) pause_line_item(item, now);
  item.fields["archived"] = archived;
}

http::response create_line_item(call& request) {
  allow_query(request);
  return answer(request, store_new(request, prepare(request, body_of(request), "lineItem")));
}

http::response create_line_items(call& request) { return create_batch(request, line_items); }

http::response patch_line_item(call& request) {
  allow_query(request, {"updateMask"});
  const auto body = body_of(request);
  auto& held = existing(*request.gam, "lineItems", name_of(*request.gam, "lineItems", request.ids.back()));
  if (body.contains("name") && text_of(body, "name") != held.key)
    throw invalid("name", "Expected the name of the path, " + held.key + ".");
  auto fields = prepare_update(request, held, body, value_of(request.query, "updateMask"), "lineItem");
  return answer(request, store_update(request, held, std::move(fields)));
}

http::response update_line_items(call& request) { return update_batch(request, line_items); }

http::response act_on_line_items(call& request) {
  allow_query(request);
  const auto body = body_of(request);
  allow_only(body, {"names"});
  const auto action = plain_action(request.subject);
  const auto items = named(*request.gam, "lineItems", body);
  for (const auto* each : items) check_action(request, *each, action);
  for (auto* each : items) {
    if (action == "delete")
      table_of(request.gam->objects, "lineItems").erase(std::string(each->key));
    else
      act(request, *each, action);
  }
  return json_answer(200, json::object());
}

}  // namespace tenon::sandbox::gam
