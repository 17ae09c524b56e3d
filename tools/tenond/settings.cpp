#include "settings.hpp"

#include "catalog/field.hpp"
#include "web_names.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>

namespace tenon::tenond {
namespace {

constexpr std::array<std::string_view, 5> log_levels = {"debug", "info", "warn", "error", "off"};

template <class Value, class Target>
void assign(const std::optional<Value>& from, Target& to) {
  if (from) to = static_cast<Target>(*from);
}

constexpr std::int64_t longest_timeout_ms = 3'600'000;
constexpr int most_requests = 1'000'000;
constexpr double most_per_second = 100'000;

template <std::chrono::milliseconds server_settings::*Member>
void read_timeout(const field& from, server_settings& into) {
  if (const auto value = from.whole(1, longest_timeout_ms)) into.*Member = std::chrono::milliseconds(*value);
}

void read_allowed_hosts(const field& from, server_settings& into) {
  for (const auto& element : from.elements()) {
    const auto said = element.text();
    if (!said) continue;
    if (*said != "*" && !parse_authority(*said)) {
      element.expected("a host name or address as clients send it in Host, with or without a port, or \"*\" alone for "
                       "every host: no scheme, path or other wildcard");
      continue;
    }
    into.allowed_hosts.push_back(*said);
  }
}

void read_allowed_origins(const field& from, server_settings& into) {
  for (const auto& element : from.elements()) {
    const auto said = element.text();
    if (!said) continue;
    if (!parse_origin(*said)) {
      element.expected("an origin as browsers send it, such as \"https://app.example.com\": http or https, a host, "
                       "perhaps a port, no path or wildcard");
      continue;
    }
    into.allowed_origins.push_back(*said);
  }
}

constexpr key_rule<server_settings> server_rules[] = {
    {"address", [](const field& from, server_settings& into) { assign(from.text(), into.address); }},
    {"port", [](const field& from, server_settings& into) { assign(from.whole(0, 65535), into.port); }},
    {"admin_socket", [](const field& from, server_settings& into) { assign(from.path(), into.admin_socket); }},
    {"port_file", [](const field& from, server_settings& into) { assign(from.path(), into.port_file); }},
    {"threads", [](const field& from, server_settings& into) { assign(from.whole(1, 256), into.threads); }},
    {"drain_delay_ms",
     [](const field& from, server_settings& into) {
       if (const auto value = from.whole(0, 600'000)) into.drain_delay = std::chrono::milliseconds(*value);
     }},
    {"log_level", [](const field& from, server_settings& into) { assign(from.one_of(log_levels), into.log_level); }},
    {"max_header_bytes",
     [](const field& from, server_settings& into) { assign(from.whole(1024, 1 << 20), into.max_header_bytes); }},
    {"max_body_bytes",
     [](const field& from, server_settings& into) { assign(from.whole(1024, 1 << 30), into.max_body_bytes); }},
    {"max_connections",
     [](const field& from, server_settings& into) { assign(from.whole(1, 1'000'000), into.max_connections); }},
    {"read_timeout_ms", read_timeout<&server_settings::read_timeout>},
    {"idle_timeout_ms", read_timeout<&server_settings::idle_timeout>},
    {"allowed_hosts", read_allowed_hosts},
    {"allowed_origins", read_allowed_origins},
    {"tls_certificate", [](const field& from, server_settings& into) { assign(from.path(), into.tls_certificate); }},
    {"tls_key", [](const field& from, server_settings& into) { assign(from.path(), into.tls_key); }},
    {"webhook_signing_key",
     [](const field& from, server_settings& into) { assign(from.path(), into.webhook_signing_key); }},
    {"webhook_signing_key_id",
     [](const field& from, server_settings& into) { assign(from.text(), into.webhook_signing_key_id); }},
    {"audit_log", [](const field& from, server_settings& into) { assign(from.path(), into.audit_log); }},
    {"requests_per_second_per_principal",
     [](const field& from, server_settings& into) {
       assign(from.number(0, most_per_second), into.requests_per_second_per_principal);
     }},
    {"burst_per_principal",
     [](const field& from, server_settings& into) { assign(from.whole(1, most_requests), into.burst_per_principal); }},
    {"auth_failures_per_minute_per_address",
     [](const field& from, server_settings& into) {
       assign(from.whole(0, most_requests), into.auth_failures_per_minute_per_address);
     }},
};

void read_token(const field& from, principal& into) {
  auto text = from.text();
  if (!text) return;
  const bool hex = text->size() == 64 && std::ranges::all_of(*text, [](char c) {
                     return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                   });
  if (!hex) {
    return from.refuse("expected the SHA-256 of the token as 64 lower-case hex digits; make it with: "
                       "printf %s \"$TOKEN\" | sha256sum");
  }
  into.token_sha256 = std::move(*text);
}

constexpr key_rule<principal> principal_rules[] = {
    {"token_sha256", read_token, true},
    {"requests_per_second",
     [](const field& from, principal& into) { into.requests_per_second = from.number(0, most_per_second); }},
    {"burst",
     [](const field& from, principal& into) {
       if (const auto value = from.whole(1, most_requests)) into.burst = static_cast<std::uint32_t>(*value);
     }},
};

void read_principals(const document::entry& found, file_scope& scope, server_settings& into) {
  const auto* table = field{found.content, "principals", scope}.table();
  if (table == nullptr) return;
  std::set<std::string> tokens;
  for (const auto& one : *table) {
    const std::string prefix = "principals." + one.key;
    const auto* keys = field{one.content, prefix, scope}.table();
    if (keys == nullptr) continue;
    principal made{.name = one.key};
    read_table<principal>(*keys, one.line, prefix + ".", principal_rules, scope, made);
    if (made.token_sha256.empty()) continue;
    if (!tokens.insert(made.token_sha256).second) {
      scope.error(one.line, prefix + ": expected a token of its own, found one that another principal has");
    }
    into.principals.push_back(std::move(made));
  }
}

error refused(const std::vector<diagnostic>& findings) {
  std::string text;
  for (const auto& finding : findings) text += (text.empty() ? "" : "\n") + finding.to_string();
  return make_error("CONFIGURATION_ERROR", "The server is not configured correctly.", std::move(text));
}

}  // namespace

result<server_settings> read_server_settings(const std::filesystem::path& config) {
  std::vector<diagnostic> findings;
  file_scope scope(config, {}, findings);
  const auto parsed = document::load(config);
  if (!parsed) {
    scope.error(parsed.error().line, parsed.error().message);
    return refused(findings);
  }
  server_settings settings;
  if (const auto* server = document::find(*parsed, "server"); server != nullptr) {
    if (const auto* table = field{server->content, "server", scope}.table(); table != nullptr) {
      read_table<server_settings>(*table, server->line, "server.", server_rules, scope, settings);
      if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
        scope.error(server->line, "server.tls_certificate, tls_key: expected both or neither, found one of them");
      }
      if (settings.webhook_signing_key.empty() && !settings.webhook_signing_key_id.empty()) {
        scope.error(server->line, "server.webhook_signing_key_id: expected a webhook_signing_key, too, found none");
      }
    }
  }
  if (const auto* principals = document::find(*parsed, "principals"); principals != nullptr) {
    read_principals(*principals, scope, settings);
  }
  if (scope.errors() != 0) return refused(findings);
  return settings;
}

std::vector<std::string_view> changed_keys(const server_settings& running, const server_settings& read) {
  std::vector<std::string_view> found;
  const auto compare = [&](std::string_view key, auto member) {
    if (running.*member != read.*member) found.push_back(key);
  };
  compare("address", &server_settings::address);
  compare("port", &server_settings::port);
  compare("admin_socket", &server_settings::admin_socket);
  compare("port_file", &server_settings::port_file);
  compare("threads", &server_settings::threads);
  compare("drain_delay_ms", &server_settings::drain_delay);
  compare("log_level", &server_settings::log_level);
  compare("max_header_bytes", &server_settings::max_header_bytes);
  compare("max_body_bytes", &server_settings::max_body_bytes);
  compare("max_connections", &server_settings::max_connections);
  compare("read_timeout_ms", &server_settings::read_timeout);
  compare("idle_timeout_ms", &server_settings::idle_timeout);
  compare("allowed_hosts", &server_settings::allowed_hosts);
  compare("allowed_origins", &server_settings::allowed_origins);
  compare("webhook_signing_key", &server_settings::webhook_signing_key);
  compare("webhook_signing_key_id", &server_settings::webhook_signing_key_id);
  if (running.tls_certificate.empty() != read.tls_certificate.empty()) found.push_back("tls_certificate");
  return found;
}

}  // namespace tenon::tenond
