#pragma once

#include <tenon/sdk/http.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::sdk::testing {

/// A request as the upstream would get it: secrets of headers are in their values.
class seen_request {
 public:
  seen_request(const tenon_http_request& lent, std::vector<std::pair<std::string, std::string>> headers)
      : method_(detail::from_abi(lent.method)),
        url_(detail::from_abi(lent.url)),
        headers_(std::move(headers)),
        body_(detail::from_abi(lent.body)),
        timeout_(lent.timeout_ms) {}

  const std::string& method() const noexcept { return method_; }
  const std::string& url() const noexcept { return url_; }
  const std::string& body() const noexcept { return body_; }
  std::chrono::milliseconds timeout() const noexcept { return timeout_; }

  /// As the plugin wrote it, by the name as the plugin wrote it; empty if there is none.
  std::string_view header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers_) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  std::string method_;
  std::string url_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  std::chrono::milliseconds timeout_;
};

/// What the upstream does with a request: an answer, or a failure of the network.
class scripted_answer {
 public:
  explicit scripted_answer(unsigned status, std::string body = {}) : http_status_(status), body_(std::move(body)) {}
  scripted_answer(http_phase phase, std::string message, tenon_status failure = TENON_E_IO)
      : failure_(failure), phase_(phase), message_(std::move(message)) {}

  scripted_answer& header(std::string lowercase_name, std::string value) {
    headers_.emplace_back(std::move(lowercase_name), std::move(value));
    return *this;
  }

  /// It comes that much later on the fake host's clock; without it, at the next run().
  scripted_answer& after(std::chrono::nanoseconds delay) { return delay_ = delay, *this; }
  std::chrono::nanoseconds delay() const noexcept { return delay_; }

  /// Hands it to a completion; `status` overrides it, for an exchange that was cancelled or closed.
  void deliver(tenon_status status, tenon_http_fn done, void* user, tenon_op op) const {
    std::vector<tenon_header> headers;
    for (const auto& [name, value] : headers_) headers.push_back({detail::to_abi(name), detail::to_abi(value), {}});
    tenon_http_response response{};
    response.struct_size = sizeof response;
    response.status = status == TENON_OK ? failure_ : status;
    response.phase = static_cast<std::uint32_t>(status == TENON_OK ? phase_ : http_phase::sent);
    response.message = detail::to_abi(message_);
    if (response.status == TENON_OK) {
      response.http_status = http_status_;
      response.headers = headers.data();
      response.header_count = headers.size();
      response.body = detail::to_abi(body_);
    }
    done(user, op, &response);
  }

 private:
  tenon_status failure_ = TENON_OK;
  http_phase phase_ = http_phase::answered;
  unsigned http_status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  std::string message_;
  std::chrono::nanoseconds delay_{0};
};

}  // namespace tenon::sdk::testing
