#pragma once

#include <tenon/host.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tenond {

/// A buyer, known by the SHA-256 of its token: the token itself stands nowhere.
struct principal {
  std::string name;
  std::string token_sha256 = {};  ///< 64 hex digits, lower case
  std::optional<double> requests_per_second = {};  ///< in place of the server's
  std::optional<std::uint32_t> burst = {};
};

/// What tenon.toml says to tenond: its [server] and [principals] tables. The host reads the others.
struct server_settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;             ///< 0: any free one
  std::filesystem::path admin_socket;    ///< empty: none
  std::filesystem::path port_file;       ///< the port that was taken is written here; empty: nowhere
  std::uint32_t threads = 2;
  std::chrono::milliseconds drain_delay{0};  ///< between /readyz saying 503 and the listener closing
  std::string log_level = "info";
  std::uint32_t max_header_bytes = 16u << 10;  ///< of one request
  std::uint64_t max_body_bytes = 4u << 20;
  std::uint32_t max_connections = 1024;             ///< more wait in the kernel's queue
  std::chrono::milliseconds read_timeout{30'000};   ///< for a request to arrive, and for its answer to be taken
  std::chrono::milliseconds idle_timeout{60'000};   ///< between the requests of a connection
  std::vector<std::string> allowed_hosts;           ///< "host", "host:port" or "*", see browser_guard
  std::filesystem::path tls_certificate;            ///< empty, as is the key: plain HTTP
  std::filesystem::path tls_key;
  std::filesystem::path webhook_signing_key;        ///< empty: webhooks without authentication are not signed
  std::string webhook_signing_key_id;               ///< empty: made of the key
  std::vector<std::string> allowed_origins;         ///< "https://host" or with a port
  std::filesystem::path audit_log;                  ///< empty: none
  double requests_per_second_per_principal = 0;     ///< 0: no limit
  std::uint32_t burst_per_principal = 100;
  std::uint32_t auth_failures_per_minute_per_address = 300;  ///< 0: no limit
  std::vector<principal> principals;
};

/// Errors: the file cannot be read, is not TOML, or one of the two tables is wrong; every finding in operator_detail.
result<server_settings> read_server_settings(const std::filesystem::path& config);

/// The keys of [server] that differ: a running server has what it started with, so these need a restart. Other files
/// for TLS do not, but whether there is TLS does. The audit log and the limits of principals and addresses do not.
std::vector<std::string_view> changed_keys(const server_settings& running, const server_settings& read);

}  // namespace tenon::tenond
