#pragma once

#include <tenon/sdk/detail/operation.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::sdk {

/// An HTTP request. A value.
class http_request {
 public:
  http_request(std::string method, std::string url) : method_(std::move(method)), url_(std::move(url)) {}

  http_request& header(std::string name, std::string value) {
    headers_.emplace_back(std::move(name), std::move(value), std::string());
    return *this;
  }

  /// A header whose value is `prefix` and the text of the tenant's secret `secret`. The host adds that text: it never
  /// enters the plugin.
  http_request& secret_header(std::string name, std::string prefix, std::string secret) {
    headers_.emplace_back(std::move(name), std::move(prefix), std::move(secret));
    return *this;
  }
  http_request& body(std::string text) { return body_ = std::move(text), *this; }

  /// For the whole exchange, connecting included. Without one the host's default applies, and its maximum always.
  http_request& timeout(std::chrono::milliseconds limit) { return timeout_ = limit, *this; }
  http_request& max_response_bytes(std::uint64_t limit) { return max_response_bytes_ = limit, *this; }

  const std::string& method() const noexcept { return method_; }
  const std::string& url() const noexcept { return url_; }
  const std::string& body() const noexcept { return body_; }

  /// Calls `use` with the request as the ABI has it, borrowed from this one.
  template <class Use>
  tenon_status with_abi(Use& use) const {
    std::vector<tenon_header> headers;
    headers.reserve(headers_.size());
    for (const header_line& line : headers_) {
      headers.push_back({detail::to_abi(line.name), detail::to_abi(line.value), detail::to_abi(line.secret)});
    }
    tenon_http_request request{};
    request.struct_size = sizeof request;
    request.timeout_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(timeout_.count(), 0, UINT32_MAX));
    request.method = detail::to_abi(method_);
    request.url = detail::to_abi(url_);
    request.headers = headers.data();
    request.header_count = headers.size();
    request.body = detail::to_abi(body_);
    request.max_response_bytes = max_response_bytes_;
    return use(request);
  }

 private:
  struct header_line {
    std::string name, value, secret;
    header_line(std::string name_, std::string value_, std::string secret_)
        : name(std::move(name_)), value(std::move(value_)), secret(std::move(secret_)) {}
  };

  std::string method_;
  std::string url_;
  std::vector<header_line> headers_;
  std::string body_;
  std::chrono::milliseconds timeout_{0};
  std::uint64_t max_response_bytes_ = 0;
};

/// How far an exchange got that brought no answer: what a write needs to know before it is repeated.
enum class http_phase : std::uint32_t {
  answered = 0,
  not_sent = TENON_HTTP_NOT_SENT,                ///< safe to repeat
  sent = TENON_HTTP_SENT,                        ///< outcome unknown
  partly_answered = TENON_HTTP_PARTLY_ANSWERED,  ///< outcome unknown, most likely done
};

/// What came of an exchange: an answer, whatever its status, or the reason why there is none. A value.
class http_response {
 public:
  /// No answer.
  http_response(tenon_status failure, http_phase phase, std::string message)
      : failure_(failure), phase_(phase), message_(std::move(message)) {}

  /// Copies what a completion lends.
  explicit http_response(const tenon_http_response& lent)
      : failure_(lent.status),
        phase_(static_cast<http_phase>(lent.phase)),
        status_(lent.http_status),
        body_(detail::from_abi(lent.body)),
        message_(detail::from_abi(lent.message)) {
    for (std::uint64_t at = 0; at < lent.header_count; ++at) {
      headers_.emplace_back(detail::from_abi(lent.headers[at].name), detail::from_abi(lent.headers[at].value));
    }
  }

  /// An HTTP answer came; its status() may still be 500.
  bool arrived() const noexcept { return failure_ == TENON_OK; }
  unsigned status() const noexcept { return status_; }

  /// The first header of that name, which is given in lower case; empty if there is none.
  std::string_view header(std::string_view lowercase_name) const noexcept {
    for (const auto& [name, value] : headers_) {
      if (name == lowercase_name) return value;
    }
    return {};
  }
  const std::string& body() const noexcept { return body_; }

  /// When nothing arrived:
  tenon_status failure() const noexcept { return failure_; }
  http_phase phase() const noexcept { return phase_; }
  const std::string& message() const noexcept { return message_; }

 private:
  tenon_status failure_;
  http_phase phase_;
  unsigned status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  std::string message_;
};

namespace detail {

inline http_response refused_exchange(tenon_status status) {
  return http_response(status, http_phase::not_sent,
                       "the host did not start the exchange: " + std::string(status_name(status)));
}

inline http_response received(const tenon_http_response& lent) noexcept {
  try {
    return http_response(lent);
  } catch (...) {
    return http_response(TENON_E_LIMIT, http_phase::partly_answered, {});  // no memory for the answer
  }
}

}  // namespace detail

/// What `co_await http().send(...)` waits with.
class http_operation final : public detail::operation_awaiter {
 public:
  http_operation(detail::host_link link, http_request request)
      : operation_awaiter(link), request_(std::move(request)) {}

  http_response await_resume() {
    throw_if_cancelled();
    return refused() ? detail::refused_exchange(status()) : std::move(response_);
  }

 private:
  tenon_status start(void* user, tenon_op* id) override {
    const auto begin = [&](const tenon_http_request& request) {
      return link().http().start(link().ctx(), &request, &done, user, id);
    };
    return request_.with_abi(begin);
  }
  static void done(void* user, tenon_op, const tenon_http_response* lent) noexcept {
    auto* self = complete<http_operation>(user, lent->status);
    if (self == nullptr) return;
    self->response_ = detail::received(*lent);
    self->wake();
  }

  http_request request_;
  http_response response_{TENON_E_FAILED, http_phase::not_sent, {}};
};

/// HTTP through the host: pooled connections, verified TLS, deadlines, only to the origins that manifest and settings
/// allow. A cheap value.
class http_client {
 public:
  explicit http_client(detail::host_link link) noexcept : link_(link) {}

  /// `co_await` it. A network failure is an http_response that has not arrived, never an exception.
  http_operation send(http_request request) const { return http_operation(link_, std::move(request)); }

  /// Waits on this thread. Only in a task that the manifest flags "blocking"; elsewhere the exchange fails with
  /// TENON_E_INVALID.
  http_response wait(http_request request) const {
    http_response response(TENON_E_FAILED, http_phase::not_sent, {});
    const auto done = [](void* user, tenon_op, const tenon_http_response* lent) noexcept {
      *static_cast<http_response*>(user) = detail::received(*lent);
    };
    const auto run = [&](const tenon_http_request& abi) {
      return link_.http().wait(link_.ctx(), &abi, done, &response);
    };
    const tenon_status status = request.with_abi(run);
    if (status != TENON_OK && response.message().empty()) response = detail::refused_exchange(status);
    if (response.failure() == TENON_E_CANCELLED || response.failure() == TENON_E_CLOSING) throw cancelled();
    return response;
  }

 private:
  detail::host_link link_;
};

}  // namespace tenon::sdk
