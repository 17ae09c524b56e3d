#include "audited_call.hpp"

#include "base/release.hpp"

namespace tenon::tenond {
namespace json = boost::json;
namespace {

std::string_view text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// `changes`: the task can be submitted; what tells of one that was says so too, and is itself done.
std::string_view outcome_of(const json::object& answered, bool changes) {
  if (const auto* fault = answered.if_contains("adcp_error"); fault != nullptr && fault->is_object()) {
    const auto code = text_at(fault->get_object(), "code");
    return code.empty() ? "failed" : code;
  }
  const auto* succeeded = answered.if_contains("success");  // of comply_test_controller
  if (succeeded != nullptr && *succeeded == false) return "failed";
  if (const auto* again = answered.if_contains("replayed"); again != nullptr && *again == true) return "replayed";
  return changes && text_at(answered, "status") == "submitted" ? "submitted" : "completed";
}

bool changes_something(std::string_view task) {
  const auto* known = release::find_task(task);
  return known != nullptr && known->mutating;
}

}  // namespace

audited_call::audited_call(audit_log& log, const clock& time, const buyer& from)
    : subject{.tenant = from.tenant, .account_id = {}}, log_(log), time_(time), begun_(time.steady_now()) {
  entry_.request_id = from.request_id;
  entry_.principal = from.principal;
  entry_.remote = from.remote;
}

std::shared_ptr<audited_call> audited_call::begin(audit_log* log, const clock& time, const buyer& from,
                                                  const json::object& params) {
  if (log == nullptr || !log->is_on()) return nullptr;
  auto made = std::shared_ptr<audited_call>(new audited_call(*log, time, from));
  made->entry_.task = text_at(params, "name");
  if (const auto* arguments = params.if_contains("arguments"); arguments != nullptr && arguments->is_object())
    made->entry_.idempotency_key = text_at(arguments->get_object(), "idempotency_key");
  return made;
}

audited_call::~audited_call() {
  try {
    if (!ended_) end("abandoned");
  } catch (...) {
    // For want of memory: then there is no line.
  }
}

void audited_call::complete(std::string_view outcome) {
  ended_ = true;
  entry_.outcome = outcome;
  entry_.tenant = subject.tenant;
  entry_.account_id = subject.account_id;
  entry_.latency = std::chrono::duration_cast<std::chrono::microseconds>(time_.steady_now() - begun_);
}

void audited_call::end(std::string_view outcome) {
  complete(outcome);
  log_.write(entry_);
}

void audited_call::end_bounded(std::string_view outcome) {
  complete(outcome);
  log_.write_bounded(entry_);
}

void audited_call::end(const json::object& answered) {
  const bool changes = changes_something(entry_.task);
  if (changes) {
    entry_.media_buy_id = text_at(answered, "media_buy_id");
    entry_.task_id = text_at(answered, "task_id");
  }
  end(outcome_of(answered, changes));
}

}  // namespace tenon::tenond
