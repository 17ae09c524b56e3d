#pragma once

#include <tenon/sdk/detail/host_link.hpp>

#include <string>
#include <string_view>

namespace tenon::sdk {

/// One of the tenant's secrets, by the name of its setting: the parts of it that the manifest lists as readable. To
/// send a secret upstream use http_request::secret_header, to sign with it crypto_service: then it never enters the
/// plugin.
class secret_text {
 public:
  secret_text(detail::host_link link, std::string name) : link_(link), name_(std::move(name)) {}

  /// The string at `pointer` (RFC 6901) of the secret's JSON; empty = its whole text. Throws CONFIGURATION_ERROR when
  /// it is not readable or not there.
  std::string read(std::string_view pointer = {}) const {
    const tenon_secret_1& service = link_.secret();
    const auto copy = [&](char* out, std::uint64_t* size) {
      return service.read(link_.ctx(), detail::to_abi(name_), detail::to_abi(pointer), out, size);
    };
    std::uint64_t size = 0;
    tenon_status status = copy(nullptr, &size);
    std::string text;
    // The secret's file may be replaced by a longer one between asking and copying.
    while (status == TENON_OK || status == TENON_E_LIMIT) {
      text.resize(static_cast<std::size_t>(size));
      status = copy(text.data(), &size);
      if (status != TENON_OK) continue;
      text.resize(static_cast<std::size_t>(size));
      return text;
    }
    throw errors::configuration_error("cannot read the secret \"" + name_ + "\" at \"" + std::string(pointer) + "\": " +
                                      (status == TENON_E_DENIED
                                           ? "the manifest does not list this pointer under \"readable\""
                                           : "there is no such secret or no string at that place"));
  }

 private:
  detail::host_link link_;
  std::string name_;
};

}  // namespace tenon::sdk
