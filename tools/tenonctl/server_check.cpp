#include "server_check.hpp"

#include "catalog/catalog.hpp"
#include "http_server/tls_identity.hpp"
#include "settings.hpp"
#include "webhooks/webhook_signature.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace tenonctl {
namespace {

bool has_directory(const std::filesystem::path& path) {
  std::error_code unknown;
  return std::filesystem::is_directory(path, unknown);
}

using tenon::diagnostic;

/// tenond's reader gives its findings as the lines of one text: "file:line: error: message".
diagnostic from_text(std::string_view line) {
  constexpr std::string_view mark = ": error: ";
  const auto at = line.find(mark);
  if (at == line.npos) return {.fatal = true, .tenant = {}, .file = {}, .message = std::string(line)};
  return {.fatal = true,
          .tenant = {},
          .file = std::string(line.substr(0, at)),
          .message = std::string(line.substr(at + mark.size()))};
}

std::vector<diagnostic> refusals(std::string_view text) {
  std::vector<diagnostic> findings;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    findings.push_back(from_text(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return findings;
}

}  // namespace

std::vector<diagnostic> check_server(const std::filesystem::path& config) {
  const auto server = tenon::tenond::read_server_settings(config);
  if (!server) return refusals(server.error().operator_detail);
  std::vector<diagnostic> findings;
  const auto add = [&findings](bool fatal, const tenon::config_place& place, std::string tenant, std::string message) {
    findings.push_back({.fatal = fatal,
                        .tenant = std::move(tenant),
                        .file = place.file,
                        .line = place.line,
                        .message = std::move(message)});
  };
  boost::system::error_code malformed;
  boost::asio::ip::make_address(server->address, malformed);
  if (malformed) {
    add(true, {config.string(), 0}, {},
        "server.address: expected an IP address such as \"127.0.0.1\" or \"::\", found \"" + server->address + '"');
  }
  if (!server->tls_certificate.empty()) {
    const auto identity = tenon::http::load_tls_identity(server->tls_certificate, server->tls_key);
    if (!identity) {
      add(true, {config.string(), 0}, {}, "server.tls_certificate, tls_key: " + identity.error().operator_detail);
    }
  }
  if (!server->webhook_signing_key.empty()) {
    const auto signer =
        tenon::tenond::webhook_signer::load(server->webhook_signing_key, server->webhook_signing_key_id);
    if (!signer) add(true, {config.string(), 0}, {}, "server.webhook_signing_key: " + signer.error().operator_detail);
  }
  if (const auto directory = server->audit_log.parent_path(); !directory.empty() && !has_directory(directory)) {
    add(false, {config.string(), 0}, {},
        "server.audit_log: expected a directory " + directory.string() + ", found none; unless it is made before tenond "
        "starts, as by LogsDirectory= of systemd, tenond will not start");
  }
  if (server->principals.empty()) {
    add(false, {config.string(), 0}, {}, "there are no [principals]: no buyer can sign in");
  }
  const auto read = tenon::read_catalog(config);
  if (!read) return findings;
  for (const auto& [name, tenant] : (*read)->tenants) {
    for (const auto& principal : tenant->principals) {
      if (std::ranges::find(server->principals, principal, &tenon::tenond::principal::name) != server->principals.end()) {
        continue;
      }
      add(false, tenant->place, name,
          "principals: expected names of [principals], found \"" + principal + "\", which is not there; nobody can sign "
          "in as it");
    }
  }
  return findings;
}

}  // namespace tenonctl
