#pragma once

#include "fixtures.hpp"

#include "plugin/pin.hpp"
#include "plugin/signature.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace tenon::testing {

/// A pair of key files, made for one test.
class key_files {
 public:
  explicit key_files(std::filesystem::path prefix) : prefix_(std::move(prefix)) {
    const auto made = make_key_pair();
    write_file(private_key(), made.private_pem);
    write_file(public_key_file(), made.public_pem);
    std::filesystem::permissions(private_key(), std::filesystem::perms(0600));
    std::filesystem::permissions(public_key_file(), std::filesystem::perms(0644));
  }

  std::filesystem::path private_key() const { return prefix_.string() + ".pem"; }
  std::filesystem::path public_key_file() const { return prefix_.string() + ".pub.pem"; }

 private:
  std::filesystem::path prefix_;
};

/// What `tenonctl plugin sign` would write beside the file.
inline std::string signature_of(const candidate& file, const key_files& keys) {
  const auto made = sign(keys.private_key(), signed_message(file.name, file.content_hash));
  REQUIRE_MESSAGE(made.has_value(), made.error().operator_detail);
  return render(*made);
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace tenon::testing
