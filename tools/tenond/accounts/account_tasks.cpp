#include "accounts/account_tasks.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 6> statuses = {"active",           "pending_approval", "rejected",
                                                      "payment_required", "suspended",        "closed"};
constexpr std::int64_t default_page = 50;
constexpr std::int64_t largest_page = 100;

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

error invalid(std::string field, std::string message) {
  auto made = make_error("INVALID_REQUEST", std::move(message));
  made.field = std::move(field);
  return made;
}

json::object brand_of(const declared_account& account) { return {{"domain", account.reference.brand}}; }

std::string name_of(const account_reference& reference) {
  if (reference.brand == reference.operator_name) return reference.brand;
  return reference.brand + " c/o " + reference.operator_name;
}

json::object failed(const json::object& asked, std::string_view code, std::string_view message) {
  json::array errors;
  errors.push_back(json::object{{"code", code}, {"message", message}});
  json::object brand;
  if (const auto* sent = asked.if_contains("brand"); sent != nullptr && sent->is_object()) brand = sent->get_object();
  return {{"brand", std::move(brand)},
          {"operator", text_at(asked, "operator")},
          {"action", "failed"},
          {"status", "rejected"},
          {"errors", std::move(errors)}};
}

json::object told_as(const declared_account& account, std::string_view action) {
  json::object made{{"account_id", account.id},
                    {"brand", brand_of(account)},
                    {"operator", account.reference.operator_name},
                    {"name", name_of(account.reference)},
                    {"action", action},
                    {"status", account.status},
                    {"billing", account.billing},
                    {"account_scope", "operator_brand"}};
  if (!account.payment_terms.empty()) made["payment_terms"] = account.payment_terms;
  if (account.reference.sandbox) made["sandbox"] = true;
  return made;
}

json::object listed_as(const declared_account& account) {
  json::object made{{"account_id", account.id}, {"name", account.id}, {"status", account.status}};
  if (!account.reference.brand.empty()) {
    made["name"] = name_of(account.reference);
    made["brand"] = brand_of(account);
    made["operator"] = account.reference.operator_name;
    made["account_scope"] = "operator_brand";
  }
  if (!account.billing.empty()) made["billing"] = account.billing;
  if (!account.payment_terms.empty()) made["payment_terms"] = account.payment_terms;
  if (account.reference.sandbox) made["sandbox"] = true;
  return made;
}

}  // namespace

struct account_tasks::outcome {
  json::object told;
  std::string id;  ///< empty: it failed
};

bool account_tasks::is_status(std::string_view text) noexcept {
  return std::ranges::find(statuses, text) != statuses.end();
}

result<account_tasks::outcome> account_tasks::sync_one(const account_owner& owner, const json::value& asked,
                                                       bool dry_run, std::uint64_t& room,
                                                       std::vector<declared_account>& changed) {
  if (!asked.is_object()) return invalid("accounts", "Expected each account to be an object.");
  const auto& object = asked.get_object();
  const auto* brand = object.if_contains("brand");
  declared_account account{
      .id = {},
      .reference = {.brand =
                        brand != nullptr && brand->is_object() ? text_at(brand->get_object(), "domain") : std::string(),
                    .operator_name = text_at(object, "operator"),
                    .sandbox = flag_at(object, "sandbox")},
      .billing = text_at(object, "billing"),
      .payment_terms = text_at(object, "payment_terms")};
  if (account.reference.brand.empty() || account.reference.operator_name.empty())
    return outcome{failed(object, "INVALID_REQUEST", "An account needs brand.domain and operator."), {}};
  if (brand->get_object().contains("brand_id")) {
    return outcome{
        failed(object, "INVALID_REQUEST", "Brands are told apart by their domain here: expected no brand_id."), {}};
  }
  // The publisher invoices whoever buys; it does not know the advertiser behind an agency.
  if (account.billing != "operator" && account.billing != "agent")
    return outcome{failed(object, "BILLING_NOT_SUPPORTED", "This seller invoices the operator or the agent."), {}};
  const auto found = host_.account_of({.tenant = owner.tenant, .account = account.reference}, owner.principal);
  if (!found || found->tenant_id() != owner.tenant)
    return outcome{failed(object, "ACCOUNT_NOT_FOUND", "This seller has no such account."), {}};

  account.id = found->id;
  const auto before = book_.find(owner, account.id);
  if (!before) return before.error();
  if (*before && (*before)->status != "closed") account.status = (*before)->status;
  if (*before == account) return outcome{told_as(account, "unchanged"), account.id};
  if (!*before && room == 0)
    return outcome{failed(object, "RATE_LIMITED", "This seller keeps no more accounts for one agent."), {}};
  if (!*before) --room;
  if (!dry_run) changed.push_back(account);
  return outcome{told_as(account, *before ? "updated" : "created"), account.id};
}

result<void> account_tasks::close_missing(const account_owner& owner, const std::vector<std::string>& kept,
                                          std::vector<declared_account>& changed, json::array& told) {
  auto all = book_.list(owner);
  if (!all) return all.error();
  for (auto& each : *all) {
    if (each.status == "closed" || std::ranges::find(kept, each.id) != kept.end()) continue;
    each.status = "closed";
    told.push_back(told_as(each, "updated"));
    changed.push_back(std::move(each));
  }
  return {};
}

result<json::object> account_tasks::sync(const account_owner& owner, const json::object& request) {
  const auto* accounts = request.if_contains("accounts");
  if (accounts == nullptr || !accounts->is_array())
    return invalid("accounts", "Expected accounts to be a list of accounts.");
  const bool dry_run = flag_at(request, "dry_run");
  const auto held = book_.count(owner);
  if (!held) return held.error();
  auto room = account_book::most_accounts - std::min(*held, account_book::most_accounts);
  json::array told;
  std::vector<std::string> kept;
  std::vector<declared_account> changed;
  for (const auto& asked : accounts->get_array()) {
    auto one = sync_one(owner, asked, dry_run, room, changed);
    if (!one) return one.error();
    told.push_back(std::move(one->told));
    if (!one->id.empty()) kept.push_back(std::move(one->id));
  }
  // What failed is missing for a reason that the buyer does not know yet: nothing is closed for it.
  if (flag_at(request, "delete_missing") && kept.size() == accounts->get_array().size()) {
    if (const auto closed = close_missing(owner, kept, changed, told); !closed) return closed.error();
  }
  if (!dry_run) {
    if (const auto written = book_.put(owner, changed); !written) return written.error();
  }
  json::object answer{{"accounts", std::move(told)}};
  if (dry_run) answer["dry_run"] = true;
  return answer;
}

result<json::object> account_tasks::list(const account_owner& owner, const json::object& request) {
  const auto configured = host_.accounts_of(owner.tenant, owner.principal);
  if (!configured) return configured.error();
  const auto* sandbox = request.if_contains("sandbox");
  account_filter wanted{.status = text_at(request, "status")};
  if (sandbox != nullptr && sandbox->is_bool()) wanted.sandbox = sandbox->get_bool();
  auto size = default_page;
  std::string after;
  if (const auto* page = request.if_contains("pagination"); page != nullptr && page->is_object()) {
    if (const auto* asked = page->get_object().if_contains("max_results"); asked != nullptr && asked->is_int64())
      size = std::clamp<std::int64_t>(asked->get_int64(), 1, largest_page);
    after = text_at(page->get_object(), "cursor");
  }
  // Of a tenant that does not say who its buyers are, no stranger learns what other buyers' accounts are called.
  std::map<std::string, declared_account> all;
  for (const auto& reference : configured->listed) {
    if (!configured->named_principals) break;
    const auto known = host_.account_of({.tenant = owner.tenant, .account = reference}, owner.principal);
    if (!known || known->id <= after) continue;
    declared_account listed{.id = known->id, .reference = reference};
    if (const auto declared = book_.find(owner, known->id); declared && *declared) continue;
    if (wanted.matches(listed)) all[known->id] = std::move(listed);
  }
  auto declared = book_.list(owner, after, static_cast<std::uint64_t>(size) + 1, wanted);
  if (!declared) return declared.error();
  for (auto& each : *declared) all[each.id] = std::move(each);

  json::array told;
  std::string last;
  auto at = all.begin();
  for (; at != all.end() && static_cast<std::int64_t>(told.size()) < size; ++at) {
    told.push_back(listed_as(at->second));
    last = at->first;
  }
  json::object pagination{{"has_more", at != all.end()}};
  if (at != all.end()) pagination["cursor"] = last;
  return json::object{{"accounts", std::move(told)}, {"pagination", std::move(pagination)}};
}

std::optional<error> account_tasks::refusal(const account_owner& owner, std::string_view account_id) {
  const auto found = book_.find(owner, account_id);
  if (!found) return found.error();
  if (!*found || (*found)->status == "active") return std::nullopt;
  const auto& status = (*found)->status;
  auto made = status == "payment_required" ? make_error("ACCOUNT_PAYMENT_REQUIRED", "The account has to be paid first.")
              : status == "pending_approval" ? make_error("ACCOUNT_SETUP_REQUIRED", "The account is not approved yet.")
                                             : make_error("ACCOUNT_SUSPENDED", "The account is " + status + ".");
  made.field = "account";
  return made;
}

result<std::optional<std::string>> account_tasks::force_status(const account_owner& owner, std::string_view account_id,
                                                               std::string_view status) {
  const auto found = book_.find(owner, account_id);
  if (!found) return found.error();
  if (!*found) return std::optional<std::string>();
  auto account = **found;
  const auto before = std::exchange(account.status, std::string(status));
  if (const auto kept = book_.put(owner, {account}); !kept) return kept.error();
  return std::optional(before);
}

}  // namespace tenon::tenond
