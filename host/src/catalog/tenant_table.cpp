#include "catalog/tenant_table.hpp"

#include "base/release.hpp"
#include "catalog/account_name.hpp"
#include "catalog/limits_table.hpp"
#include "catalog/settings.hpp"

#include <algorithm>
#include <unordered_set>

namespace tenon {
namespace {

constexpr std::size_t longest_principal = 256;

void read_plugin(const field& from, tenant_draft& into) {
  const auto name = from.text();
  if (!name) return;
  if (!is_plain_name(*name)) {
    return from.expected("the name of a plugin, its file without .so (" + std::string(plain_name_rule) + ")");
  }
  into.entry.plugin = *name;
  into.plugin_line = from.content.line;
}

void read_enabled(const field& from, tenant_draft& into) { into.entry.enabled = from.flag().value_or(true); }

constexpr key_rule<account_reference> account_keys[] = {
    {"id",
     [](const field& from, account_reference& into) {
       const auto id = from.text();
       if (!id) return;
       if (is_account_id(*id))
         into.account_id = *id;
       else
         from.expected("an account id (1 to 128 letters, digits or . _ : @ -)");
     }},
    {"brand",
     [](const field& from, account_reference& into) {
       const auto domain = from.text();
       if (!domain) return;
       into.brand = in_lower_case(*domain);
       if (!is_domain(into.brand)) from.expected("the brand's domain");
     }},
    {"operator",
     [](const field& from, account_reference& into) {
       const auto domain = from.text();
       if (!domain) return;
       into.operator_name = in_lower_case(*domain);
       if (!is_domain(into.operator_name)) from.expected("the operator's domain");
     }},
    {"sandbox", [](const field& from, account_reference& into) { into.sandbox = from.flag().value_or(false); }},
};

/// Whether the keys are those of one of the two forms; their values are read elsewhere.
bool has_account_form(const document::table& from) {
  const auto has = [&from](std::string_view key) { return document::find(from, key) != nullptr; };
  if (has("id")) return !has("brand") && !has("operator") && !has("sandbox");
  return has("brand") && has("operator");
}

void read_accounts(const field& from, tenant_draft& into) {
  for (const auto& element : from.elements()) {
    const auto* table = element.table();
    if (table == nullptr) continue;
    account_reference reference;
    const auto found_before = element.scope.errors();
    read_table<account_reference>(*table, element.content.line, element.name + '.', account_keys, element.scope,
                                  reference);
    if (element.scope.errors() != found_before) continue;
    if (!has_account_form(*table)) {
      element.refuse(
          "expected either { id = ... } or { brand = ..., operator = ... } with or without sandbox, found keys of "
          "neither or of both");
      continue;
    }
    const auto id = reference.account_id.empty() ? natural_account_id(reference) : reference.account_id;
    into.claims.push_back({claim_key(reference), "account " + in_quotes(id), element.content.line});
    into.entry.accounts.push_back(std::move(reference));
  }
}

void read_hosts(const field& from, tenant_draft& into) {
  for (const auto& element : from.elements()) {
    const auto said = element.text();
    if (!said) continue;
    auto host = normalise_host(*said);
    if (host.empty()) {
      element.expected(
          "a host name or address as buyers send it in Host: no scheme, path or wildcard, names in ASCII (xn--)");
      continue;
    }
    into.claims.push_back({host_claim_key(host), "host " + in_quotes(host), element.content.line});
    into.entry.hosts.push_back(std::move(host));
  }
}

void read_principals(const field& from, tenant_draft& into) {
  for (const auto& element : from.elements()) {
    const auto principal = element.text();
    if (!principal) continue;
    const auto is_control = [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; };
    if (principal->size() > longest_principal || std::ranges::any_of(*principal, is_control)) {
      element.expected("the name of a principal, at most 256 bytes without control characters");
      continue;
    }
    into.claims.push_back({"principal " + *principal, "principal " + in_quotes(*principal), element.content.line});
    into.entry.principals.push_back(*principal);
  }
}

void read_specialisms(const field& from, tenant_draft& into) {
  into.entry.lines.emplace("specialisms", from.content.line);
  std::unordered_set<std::string> seen;
  for (const auto& element : from.elements()) {
    const auto name = element.text();
    if (!name) continue;
    if (release::find_specialism(*name) == nullptr) {
      std::vector<std::string_view> known;
      for (const auto& each : release::specialisms()) known.push_back(each.name);
      element.refuse("expected a specialism of AdCP " + std::string(release::version) + " (" + in_a_row(known) +
                     "), found " + in_quotes(*name) + did_you_mean(*name, known));
    } else if (!seen.insert(*name).second) {
      element.refuse("expected each specialism once, found " + in_quotes(*name) + " again");
    } else {
      into.entry.specialisms.push_back(*name);
    }
  }
}

constexpr key_rule<tenant_draft> tenant_keys[] = {
    {"plugin", read_plugin, true},
    {"enabled", read_enabled},
    {"warm_up", [](const field& from, tenant_draft& into) { into.entry.warm_up = from.flag().value_or(false); }},
    {"isolate", [](const field& from, tenant_draft& into) { into.entry.isolate = from.flag().value_or(false); }},
    {"sandbox", [](const field& from, tenant_draft& into) { into.entry.sandbox = from.flag().value_or(false); }},
    {"implicit_accounts",
     [](const field& from, tenant_draft& into) { into.entry.implicit_accounts = from.flag().value_or(false); }},
    {"accounts", read_accounts},
    {"hosts", read_hosts},
    {"principals", read_principals},
    {"specialisms", read_specialisms},
    {"limits", [](const field& from, tenant_draft& into) { read_limits(from, into.entry.limits); }},
    {"settings", [](const field& from, tenant_draft& into) { read_settings(from, into.entry); }},
};

}  // namespace

std::string claim_key(const account_reference& account) {
  return "account " + (account.account_id.empty() ? natural_account_id(account) : account.account_id);
}

std::string host_claim_key(const std::string& host) { return "host " + host; }

std::vector<std::string> claim_keys(const tenant_entry& entry) {
  std::vector<std::string> keys{"account " + entry.name};
  for (const auto& account : entry.accounts) keys.push_back(claim_key(account));
  for (const auto& host : entry.hosts) keys.push_back(host_claim_key(host));
  for (const auto& principal : entry.principals) keys.push_back("principal " + principal);
  return keys;
}

bool is_plain_name(std::string_view name) noexcept {
  const auto is_first = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
  };
  const auto is_inner = [&](char letter) {
    return is_first(letter) || letter == '.' || letter == '_' || letter == '-';
  };
  return !name.empty() && name.size() <= 64 && is_first(name.front()) && std::ranges::all_of(name, is_inner);
}

tenant_draft read_tenant(std::string name, const document::table& from, std::uint32_t line, const std::string& prefix,
                         const call_limits& limits, file_scope& scope) {
  tenant_draft draft;
  draft.entry.name = std::move(name);
  draft.entry.place = {scope.file(), line};
  draft.entry.limits = limits;
  read_table<tenant_draft>(from, line, prefix, tenant_keys, scope, draft);
  return draft;
}

}  // namespace tenon
