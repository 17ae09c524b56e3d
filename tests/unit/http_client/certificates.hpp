#pragma once

#include <chrono>
#include <memory>
#include <string>

/// Certificates made for a test, over OpenSSL.
namespace certificates {

/// A certificate with its key, as PEM.
struct identity {
  std::string certificate;
  std::string key;
};

struct request {
  std::string common_name;
  std::string alternative_names = {};  ///< as OpenSSL's configuration has them: "DNS:localhost,IP:127.0.0.1"
  const identity* issuer = nullptr;    ///< null: signs itself
  bool is_authority = false;
  std::chrono::seconds valid_from{-3600};  ///< from now
  std::chrono::seconds valid_to{3600};
};

identity make(const request& wanted);

}  // namespace certificates
