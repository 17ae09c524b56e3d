#include "platform/http_mapping.hpp"

#include "platform/known_members.hpp"
#include "platform/plain_text.hpp"
#include "plugin/upstreams.hpp"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

constexpr std::uint64_t max_headers = 128;
constexpr std::string_view methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
constexpr std::string_view host_headers[] = {"host", "content-length", "connection", "transfer-encoding"};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view left, std::string_view right) noexcept {
  return std::ranges::equal(left, right, {}, lower, lower);
}

/// A token of RFC 9110, 5.6.2.
bool is_header_name(std::string_view name) noexcept {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

/// Nothing that ends a header line.
bool is_header_value(std::string_view value) noexcept {
  return std::ranges::none_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

tenon_status map_header(const tenon_header& header, const secret_reader& secrets, http_exchange_request& out) {
  if (!is_well_formed(header.name) || !is_well_formed(header.value) || !is_well_formed(header.secret))
    return TENON_E_INVALID;
  const auto name = view_of(header.name);
  if (!is_header_name(name)) return TENON_E_INVALID;
  if (std::ranges::any_of(host_headers, [name](std::string_view ours) { return same_name(name, ours); }))
    return TENON_E_INVALID;
  std::string value(view_of(header.value));
  if (header.secret.len != 0) {
    auto text = secrets.find(view_of(header.secret), {});
    if (!text) return TENON_E_INVALID;
    // A key file usually ends with a newline, which is no part of the key.
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->remove_suffix(1);
    value += *text;
  }
  if (!is_header_value(value)) return TENON_E_INVALID;
  out.headers.emplace_back(name, std::move(value));
  return TENON_OK;
}

tenon_status status_of(http_failure::kind failed) noexcept {
  switch (failed) {
    case http_failure::kind::cancelled: return TENON_E_CANCELLED;
    case http_failure::kind::timeout: return TENON_E_TIMEOUT;
    case http_failure::kind::io: return TENON_E_IO;
    case http_failure::kind::invalid: return TENON_E_INVALID;
    case http_failure::kind::limit: return TENON_E_LIMIT;
  }
  return TENON_E_FAILED;
}

}  // namespace

tenon_status map_request(const tenon_http_request& request, const http_policy& policy, const secret_reader& secrets,
                         http_exchange_request& out) {
  const auto known = known_members(request);
  if (!is_well_formed(known.method) || !is_well_formed(known.url) || !is_well_formed(known.body))
    return TENON_E_INVALID;
  if (known.header_count > max_headers || (known.headers == nullptr && known.header_count != 0)) return TENON_E_INVALID;
  if (std::ranges::find(methods, view_of(known.method)) == std::end(methods)) return TENON_E_INVALID;
  const auto origin = origin_of(view_of(known.url));
  if (!origin) return TENON_E_INVALID;
  if (!std::ranges::binary_search(policy.origins, *origin)) return TENON_E_DENIED;

  for (std::uint64_t i = 0; i < known.header_count; ++i) {
    if (const auto status = map_header(known.headers[i], secrets, out); status != TENON_OK) return status;
  }
  out.method = view_of(known.method);
  out.url = view_of(known.url);
  out.body = view_of(known.body);
  out.timeout =
      known.timeout_ms == 0 ? policy.timeout : std::min(policy.timeout, std::chrono::milliseconds(known.timeout_ms));
  out.max_response_bytes = known.max_response_bytes == 0
                               ? policy.max_response_bytes
                               : std::min(policy.max_response_bytes, known.max_response_bytes);
  return TENON_OK;
}

http_answer::http_answer(const http_result& outcome) {
  response_.struct_size = sizeof response_;
  if (!outcome) {
    auto failure = outcome.error();  // a copy: error() returns by value
    message_ = std::move(failure.message);
    response_.status = status_of(failure.what);
    response_.phase = static_cast<std::uint32_t>(failure.phase);
    response_.message = abi_text(message_);
    return;
  }
  response_.status = TENON_OK;
  response_.http_status = outcome->status;
  for (const auto& [name, value] : outcome->headers) headers_.push_back({abi_text(name), abi_text(value), {}});
  response_.headers = headers_.data();
  response_.header_count = headers_.size();
  response_.body = abi_text(outcome->body);
}

http_answer::http_answer(tenon_status given_up) noexcept {
  response_.struct_size = sizeof response_;
  response_.status = given_up;
  response_.phase = TENON_HTTP_SENT;
}

}  // namespace tenon
