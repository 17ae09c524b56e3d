#pragma once

#include <tenon/sdk/platform.hpp>

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>

namespace tenon::sdk::detail {

/// Starts a task on a platform whose type it knows.
using invoke_fn = task<json::value> (*)(platform&, json::value, call_context);

/// One line of a plugin's dispatch table.
struct task_entry {
  std::string_view name;
  invoke_fn invoke;
};

/// Makes the platform, given what it is built from.
using make_platform_fn = std::unique_ptr<platform> (*)(platform_context);

/// What stands behind a tenon_instance: a platform and its open tokens. The ABI's thunks call it; it throws
/// nothing.
///
/// Lifetime    create() to destroy(). Destroying it frees the frames of open tokens, then the platform.
class instance {
 public:
  instance(host_link link, std::span<const task_entry> tasks) noexcept : link_(link), tasks_(tasks) {}
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;

  /// Builds the platform and runs its handshake; what fails is the answer to `ready`. There is an instance either way.
  void open(make_platform_fn make, const tenon_create& arguments, tenon_token ready) noexcept;

  /// Anything but TENON_OK: the host answers the token.
  tenon_status call(tenon_token token, const tenon_call& arguments) noexcept;

  /// health/1 and handover/1.
  tenon_status check_health(tenon_token token) noexcept;
  tenon_status hand_over(tenon_token token) noexcept;

  /// An unknown or finished token is a no-op.
  void cancel(tenon_token token) noexcept;

 private:
  /// The activity of one token.
  class open_token final : public activity {
   public:
    open_token(instance& owner, tenon_token token) noexcept : activity(owner.queue_), owner_(owner), token_(token) {}
    void begin(task<json::value> root) noexcept {
      root_ = std::move(root);
      root_.start(*this);
    }

   private:
    void finished() noexcept override {
      const auto self = owner_.open_tokens_.extract(token_);
      owner_.answer(token_, root_);
    }

    instance& owner_;
    tenon_token token_;
    task<json::value> root_{nullptr};
  };

  static task<json::value> handshake(platform& opening);
  static task<json::value> examination(platform& examined);
  template <class Start>
  tenon_status begin(tenon_token token, Start start) noexcept;
  static task<json::value> failed(std::exception_ptr reason);
  open_token& add(tenon_token token);

  void answer(tenon_token token, task<json::value>& ended) noexcept;
  void answer_error(tenon_token token, const error& failure) noexcept;
  void answer_status(tenon_token token, tenon_status status) noexcept;
  void submit(tenon_token token, const submitted& unfinished);
  void complete(tenon_token token, const tenon_reply& reply) noexcept;

  host_link link_;
  std::span<const task_entry> tasks_;
  run_queue queue_;
  std::unique_ptr<platform> platform_;
  std::unordered_map<tenon_token, std::unique_ptr<open_token>> open_tokens_;
};

inline platform_context read_context(host_link link, const tenon_create& arguments) {
  const auto parse = [](tenon_str text, const char* what) {
    boost::system::error_code failed;
    json::value value = json::parse(from_abi(text), failed);
    if (failed)
      throw errors::configuration_error(std::string("the host's ") + what + " are not JSON: " + failed.message());
    return value;
  };
  std::vector<std::string> specialisms;
  if (arguments.specialisms.len != 0) {
    const json::value listed = parse(arguments.specialisms, "specialisms");
    for (const json::value& name : listed.as_array()) specialisms.emplace_back(name.as_string());
  }
  json::value settings =
      arguments.settings.len == 0 ? json::value(json::object()) : parse(arguments.settings, "settings");
  // Something to go without, if need be.
  boost::system::error_code failed;
  json::value inherited = json::parse(from_abi(arguments.inherited), failed);
  if (failed || !inherited.is_object()) inherited = json::object();
  return platform_context(link, std::string(from_abi(arguments.tenant)), std::move(settings.as_object()),
                          std::move(specialisms), std::move(inherited.as_object()));
}

inline json::value read_request(tenon_str text) {
  json::parse_options options;
  options.max_depth = 64;
  boost::system::error_code failed;
  json::value request = json::parse(from_abi(text), failed, {}, options);
  if (failed) throw errors::invalid_request({}, "The request is not JSON: " + failed.message() + ".");
  return request;
}

inline task<json::value> instance::handshake(platform& opening) {
  co_await opening.open();
  co_return json::value(json::object());
}

inline task<json::value> instance::examination(platform& examined) {
  co_await examined.check_health();
  co_return json::value(json::object());
}

/// Opens a token and starts its task; what `start` throws is the answer.
template <class Start>
tenon_status instance::begin(tenon_token token, Start start) noexcept try {
  if (!platform_) return TENON_E_INVALID;
  open_token& opened = add(token);
  try {
    opened.begin(start(*platform_, opened));
  } catch (...) {
    opened.begin(failed(std::current_exception()));
  }
  queue_.drain();
  return TENON_OK;
} catch (...) {
  open_tokens_.erase(token);
  return TENON_E_LIMIT;
}

inline tenon_status instance::check_health(tenon_token token) noexcept {
  return begin(token, [](platform& examined, const activity&) { return examination(examined); });
}

inline tenon_status instance::hand_over(tenon_token token) noexcept {
  return begin(token, [](platform& from, const activity&) { return from.hand_over(); });
}

inline task<json::value> instance::failed(std::exception_ptr reason) {
  std::rethrow_exception(reason);
  co_return json::value();
}

inline instance::open_token& instance::add(tenon_token token) {
  auto made = std::make_unique<open_token>(*this, token);
  return *(open_tokens_[token] = std::move(made));
}

inline void instance::open(make_platform_fn make, const tenon_create& arguments, tenon_token ready) noexcept try {
  open_token& opening = add(ready);
  try {
    platform_ = make(read_context(link_, arguments));
    opening.begin(handshake(*platform_));
  } catch (...) {
    opening.begin(failed(std::current_exception()));
  }
  queue_.drain();
} catch (...) {
  open_tokens_.erase(ready);
  answer_status(ready, TENON_E_LIMIT);
}

inline tenon_status instance::call(tenon_token token, const tenon_call& arguments) noexcept {
  const task_entry* found = nullptr;
  for (const task_entry& entry : tasks_) {
    if (entry.name == from_abi(arguments.task)) found = &entry;
  }
  if (found == nullptr) return TENON_E_UNSUPPORTED;
  return begin(token, [&](platform& called, const activity& running) {
    return found->invoke(called, read_request(arguments.request), call_context(arguments, &running));
  });
}

inline void instance::cancel(tenon_token token) noexcept {
  const auto found = open_tokens_.find(token);
  if (found == open_tokens_.end()) return;
  found->second->cancel();
  queue_.drain();
}

inline void instance::answer(tenon_token token, task<json::value>& ended) noexcept {
  try {
    try {
      const std::string body = json::serialize(ended.take());
      tenon_reply reply{};
      reply.body = to_abi(body);
      complete(token, reply);
    } catch (const error& failure) {
      answer_error(token, failure);
    } catch (const submitted& unfinished) {
      submit(token, unfinished);
    } catch (const cancelled&) {
      answer_status(token, TENON_E_CANCELLED);
    } catch (const std::exception& unexpected) {
      answer_error(token, errors::internal_error(unexpected.what()));
    } catch (...) {
      answer_error(token, errors::internal_error("an exception that is no std::exception left a task"));
    }
  } catch (...) {
    answer_status(token, TENON_E_LIMIT);
  }
}

inline void instance::submit(tenon_token token, const submitted& unfinished) {
  tenon_submission submission{};
  submission.struct_size = sizeof submission;
  submission.resume = to_abi(unfinished.resume());
  submission.message = to_abi(unfinished.message());
  submission.delay_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(unfinished.delay().count(), 0));
  const auto status = link_.task().submit(link_.ctx(), token, &submission);
  // Refused, too, when the host has answered already: then this answer is refused as well.
  if (status != TENON_OK) {
    answer_error(token,
                 errors::internal_error("expected a mutating task and 1 to 65536 bytes to go on with, the host says " +
                                        std::string(status_name(status)) + " to its submission"));
  }
}

inline void instance::answer_error(tenon_token token, const error& failure) noexcept {
  std::string details;
  try {
    if (!failure.details().empty()) details = json::serialize(failure.details());
  } catch (...) {
    details.clear();  // no memory to say more
  }
  tenon_reply reply{};
  reply.status = TENON_E_FAILED;
  reply.code = to_abi(failure.code());
  reply.message = to_abi(failure.message());
  reply.field = to_abi(failure.field());
  reply.suggestion = to_abi(failure.suggestion());
  reply.details = to_abi(details);
  reply.operator_detail = to_abi(failure.operator_detail());
  reply.recovery = static_cast<std::uint32_t>(failure.recovery());
  reply.retry_after_s = failure.retry_after_s();
  complete(token, reply);
}

inline void instance::answer_status(tenon_token token, tenon_status status) noexcept {
  tenon_reply reply{};
  reply.status = status;
  complete(token, reply);
}

inline void instance::complete(tenon_token token, const tenon_reply& reply) noexcept {
  tenon_reply sized = reply;
  sized.struct_size = sizeof sized;
  link_.host().complete(link_.ctx(), token, &sized);  // refused when the host has answered already: its answer stands
}

}  // namespace tenon::sdk::detail
