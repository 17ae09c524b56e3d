#include "sandbox/credentials.hpp"

#include "sandbox/text.hpp"

#include <boost/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace tenon::sandbox {

service_account make_service_account(std::string_view network) {
  return {.email = "sa-" + std::string(network) + "@sandbox.example",
          .key_id = random_hex(20),
          .key = rsa_key::generate(),
          .networks = {std::string(network)}};
}

api_key make_api_key(std::string_view name) { return {.name = std::string(name), .secret = random_hex(32)}; }

std::string key_file(const service_account& account, std::string_view token_uri) {
  const boost::json::object file{{"type", "service_account"},
                                 {"project_id", "sandbox"},
                                 {"private_key_id", account.key_id},
                                 {"private_key", account.key.private_pem()},
                                 {"client_email", account.email},
                                 {"client_id", "100000000000000000000"},
                                 {"token_uri", token_uri}};
  return boost::json::serialize(file) + "\n";
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  const auto refuse = [&](const char* step) {
    const auto reason = std::system_category().message(errno);
    throw std::runtime_error("Expected to " + std::string(step) + " " + path.string() + ", found: " + reason +
                             ". Check the directory and its permissions.");
  };
  const auto fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) refuse("create");
  const auto written = ::write(file, content.data(), content.size());
  const bool closed = ::close(file) == 0;
  if (written != static_cast<ssize_t>(content.size()) || !closed) refuse("write");
  if (std::rename(fresh.c_str(), path.c_str()) != 0) refuse("rename to");
}

}  // namespace tenon::sandbox
