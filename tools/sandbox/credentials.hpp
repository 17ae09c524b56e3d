#pragma once

#include "sandbox/rsa_key.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// The demo credentials: made at start, written for the plugins to read, registered with the sandbox.
namespace tenon::sandbox {

/// A GAM service account and the networks it is a user of.
struct service_account {
  std::string email;
  std::string key_id;
  rsa_key key;
  std::vector<std::string> networks;
};

/// A Kevel API key; it is the network.
struct api_key {
  std::string name;
  std::string secret;
};

/// `sa-<network>@sandbox.example` with a new key, for that network alone.
service_account make_service_account(std::string_view network);
api_key make_api_key(std::string_view name);

/// The service-account file's content: the members a client reads.
std::string key_file(const service_account& account, std::string_view token_uri);

/// Writes whole or not at all (a new file, then a rename), readable for the owner alone.
/// Errors: std::runtime_error naming the path and the system's reason.
void write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace tenon::sandbox
