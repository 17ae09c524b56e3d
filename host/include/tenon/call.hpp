#pragma once

#include <tenon/clock.hpp>
#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
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

/// What a task that was submitted is gone on with.
struct task_resumption {
  std::string task_id;
  std::string resume;         ///< the plugin's bytes
  std::uint32_t attempt = 0;  ///< how often it was gone on with before
  bool last = false;          ///< nobody goes on with it any more: the plugin undoes what it cannot finish
};

/// How a call ends that is not over: the plugin goes on with it later.
struct task_submission {
  std::string resume;        ///< the plugin's bytes
  std::string message = {};  ///< for the buyer, may be empty
  std::chrono::nanoseconds delay{0};
};

/// What a call carries besides its bytes.
struct call_context {
  tenon::account account;
  std::string principal = {};        ///< authenticated buyer; opaque, may be empty
  std::string trace_id = {};         ///< for logs, may be empty
  std::string idempotency_key = {};  ///< marks what a mutating task makes upstream, may be empty
  bool recovering = false;           ///< an earlier attempt's outcome is unknown: look it up first
  steady_time deadline = steady_time::max();
  std::stop_token stop = {};                            ///< the caller no longer wants the answer
  std::shared_ptr<const task_resumption> resumed = {};  ///< set by the host that goes on with a submitted task
};

/// One task for one tenant.
struct call_request {
  std::string task;  ///< AdCP tool name, e.g. "get_products"
  std::string body;  ///< the request, a JSON object, UTF-8
  call_context context;
};

/// A task's answer: a JSON object, UTF-8.
struct reply {
  std::string body = {};

  /// The task was submitted, and there is no answer yet. A host writes that down and answers its callers that the task
  /// is submitted; who calls a router without one has to.
  std::shared_ptr<const task_submission> submitted = {};

  /// The body says that the task is submitted: how the ad server does is not known yet.
  bool unfinished = false;

  friend bool operator==(const reply&, const reply&) = default;
};

/// Takes the outcome of a call, exactly once.
using reply_handler = unique_function<void(result<reply>)>;

}  // namespace tenon
