#pragma once

#include <tenon/clock.hpp>
#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <map>
#include <optional>
#include <stop_token>
#include <string>

namespace tenon {

/// A resolved account. `metadata["tenant_id"]` names the tenant that serves it.
struct account {
  std::string id;
  std::string name = {};
  std::string status = "active";
  std::map<std::string, std::string, std::less<>> metadata = {};

  /// The tenant's id, or nothing when it is missing or empty.
  std::optional<std::string> tenant_id() const;

  friend bool operator==(const account&, const account&) = default;
};

/// What a call carries besides its bytes.
struct call_context {
  tenon::account account;
  std::string principal = {};        ///< authenticated buyer; opaque, may be empty
  std::string trace_id = {};         ///< for logs, may be empty
  std::string idempotency_key = {};  ///< marks what a mutating task makes upstream, may be empty
  bool recovering = false;           ///< an earlier attempt's outcome is unknown: look it up first
  steady_time deadline = steady_time::max();
  std::stop_token stop = {};  ///< the caller no longer wants the answer
};

/// One task for one tenant.
struct call_request {
  std::string task;  ///< AdCP tool name, e.g. "get_products"
  std::string body;  ///< the request, a JSON object, UTF-8
  call_context context;
};

/// A task's answer: a JSON object, UTF-8.
struct reply {
  std::string body;

  friend bool operator==(const reply&, const reply&) = default;
};

/// Takes the outcome of a call, exactly once.
using reply_handler = unique_function<void(result<reply>)>;

}  // namespace tenon
