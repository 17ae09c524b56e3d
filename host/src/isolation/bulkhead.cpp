#include "isolation/bulkhead.hpp"

#include "platform/reply_mapping.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

constexpr std::uint32_t longest_retry_s = 60;

std::uint32_t whole_seconds(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, longest_retry_s));
}

error too_large(std::uint64_t limit, std::uint64_t found) {
  auto made = make_error("INVALID_REQUEST", "The request is larger than this account takes.",
                         "expected a request of at most limits.max_request_bytes (" + std::to_string(limit) +
                             "), found " + std::to_string(found));
  made.suggestion = "Send at most " + std::to_string(limit) + " bytes, in several requests if need be.";
  return made;
}

error answer_too_large(std::uint64_t limit, std::uint64_t found) {
  auto made =
      make_error("INTERNAL_ERROR", "The answer is too large to be sent.",
                 "expected an answer of at most limits.max_reply_bytes (" + std::to_string(limit) + "), found " +
                     std::to_string(found) + "; raise the limit, or let the plugin answer in pages");
  made.by_plugin = true;  // it did what was asked: to ask again would do it again
  return made;
}

error expired_in_queue() {
  return make_error("SERVICE_UNAVAILABLE", "The account is busy; the request was not begun in time.",
                    "the call's time ran out while it waited for one of the limits.max_calls running ones to end");
}

error closing() {
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.",
                    "the host ended, or the tenant was removed, while the call waited");
}

/// The task was submitted, now or by the plugin that the tasks of the host go on with.
bool is_unfinished(const result<reply>& answer) { return answer && (answer->unfinished || answer->submitted); }

/// What a call that ended says of the tenant's plugin and ad server. Every error but this one is an answer: whoever
/// gives it is there. INTERNAL_ERROR is no exception, or one buyer's strange requests would shut out the others.
/// A task is submitted because the ad server does not answer, or because it takes its time: that says nothing.
circuit_breaker::outcome outcome_of(const result<reply>& answer, bool caller_gave_up) {
  if (is_unfinished(answer)) return circuit_breaker::outcome::neither;
  if (answer || answer.error().code != "SERVICE_UNAVAILABLE") return circuit_breaker::outcome::success;
  return caller_gave_up ? circuit_breaker::outcome::neither : circuit_breaker::outcome::failure;
}

/// Whether an answer is one that nobody asked for by what he asked, or none yet: a version of a plugin that submits
/// what the one before it could finish is no better than one that fails.
bool is_fault(const result<reply>& answer) {
  if (answer) return is_unfinished(answer);
  const auto& code = answer.error().code;
  return code == "SERVICE_UNAVAILABLE" || code == "INTERNAL_ERROR" || code == "CONFIGURATION_ERROR";
}

}  // namespace

/// A call that runs.
struct bulkhead::admitted_call {
  circuit_breaker::admission admission;
  steady_time begun;
  steady_time deadline;
  std::stop_token stop;
  std::size_t bytes;
  bool impatient;
};

bulkhead::bulkhead(std::string tenant, const call_limits& limits,
                   std::shared_ptr<const bulkhead_environment> environment)
    : tenant_(std::move(tenant)), environment_(std::move(environment)), limits_(limits), breaker_(limits.breaker) {}

bulkhead::~bulkhead() { close(); }

void bulkhead::call(call_request request, reply_handler done) {
  const auto now = environment_->time->steady_now();
  const auto bytes = request.body.size();
  std::optional<error> refusal;
  std::optional<circuit_breaker::admission> admission;
  std::uint64_t place = 0;
  bool impatient = false;
  {
    const std::lock_guard lock(mutex_);
    const auto by_task = limits_.task_timeouts.find(request.task);
    const auto timeout = by_task == limits_.task_timeouts.end() ? environment_->call_timeout
                                                                : std::min(by_task->second, environment_->call_timeout);
    impatient = request.context.deadline < now + timeout;
    if (!impatient) request.context.deadline = now + timeout;
    const auto asked = breaker_.admit(now);
    if (bytes > limits_.max_request_bytes) {
      breaker_.ended(asked, circuit_breaker::outcome::neither, now);
      ++counts_.refused;
      refusal = too_large(limits_.max_request_bytes, bytes);
    } else if (!asked.admitted) {
      ++counts_.refused_by_breaker;
      refusal = broken(asked);
    } else if (closed_) {
      refusal = closing();
    } else if (running_ < limits_.max_calls && waiting_.empty() && open_bytes_ + bytes <= limits_.max_open_bytes) {
      admission = asked;
      ++running_;
      open_bytes_ += bytes;
    } else {
      // Who waits is asked again when it is his turn.
      breaker_.ended(asked, circuit_breaker::outcome::neither, now);
      if (waiting_.size() >= limits_.max_queued_calls || open_bytes_ + bytes > limits_.max_open_bytes) {
        ++counts_.refused;
        refusal = one_too_many();
      } else {
        place = next_place_++;
      }
    }
  }
  if (refusal) return done(*std::move(refusal));
  if (admission) return run(std::move(request), std::move(done), impatient, *admission);
  wait_in_line(place, std::make_unique<waiting_call>(std::move(request), std::move(done), impatient));
}

/// Two calls may come this far for the last place of the queue: both get one.
void bulkhead::wait_in_line(std::uint64_t place, std::unique_ptr<waiting_call> call) {
  const auto stop = call->request.context.stop;
  // Before it is in the queue and without the lock, for a stop that was asked for before calls back at once.
  if (stop.stop_possible()) call->on_stop.emplace(stop, leave_queue{this, place});
  const auto now = environment_->time->steady_now();
  std::vector<leaving_call> leaving;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      leaving.push_back({.call = std::move(call), .refusal = closing()});
    } else {
      const auto deadline = call->request.context.deadline;
      open_bytes_ += call->request.body.size();
      waiting_.emplace(place, std::move(call));
      leaving = take_next(now);
      if (!waiting_.empty()) arm(now, deadline);
    }
  }
  go_on(std::move(leaving));
  if (stop.stop_requested()) leave(place);
}

void bulkhead::run(call_request request, reply_handler done, bool impatient,
                   const circuit_breaker::admission& admission) {
  admitted_call running{.admission = admission,
                        .begun = environment_->time->steady_now(),
                        .deadline = request.context.deadline,
                        .stop = request.context.stop,
                        .bytes = request.body.size(),
                        .impatient = impatient};
  reply_handler ending = [self = shared_from_this(), running = std::move(running),
                          done = std::move(done)](result<reply> outcome) mutable {
    self->end(running, outcome);
    done(std::move(outcome));
  };
  environment_->start(std::move(request), std::move(ending));
}

void bulkhead::end(const admitted_call& call, result<reply>& outcome) {
  const auto now = environment_->time->steady_now();
  const bool gave_up = call.stop.stop_requested() || (call.impatient && now >= call.deadline);
  const auto how = outcome_of(outcome, gave_up);
  std::vector<leaving_call> leaving;
  bool turned = false;
  auto phase = circuit_breaker::phase::closed;
  {
    const std::lock_guard lock(mutex_);
    if (outcome && outcome->body.size() > limits_.max_reply_bytes) {
      outcome = answer_too_large(limits_.max_reply_bytes, outcome->body.size());
    }
    --running_;
    open_bytes_ -= call.bytes;
    ++counts_.started;
    ++counts_.ended.calls;
    counts_.ended.faults += is_fault(outcome) ? 1 : 0;
    counts_.ended.time += now - call.begun;
    usual_time_ += (now - call.begun - usual_time_) / 8;
    turned = breaker_.ended(call.admission, how, now);
    phase = breaker_.current(now);
    leaving = take_next(now);
  }
  go_on(std::move(leaving));
  if (!turned) return;
  if (phase == circuit_breaker::phase::closed) {
    environment_->logger->info("tenant {}: calls work again, the breaker is closed", tenant_);
  } else {
    environment_->logger->error("tenant {}: most calls fail, so they are refused for a while (the breaker is open): {}",
                                tenant_, outcome ? "" : outcome.error().operator_detail);
  }
}

void bulkhead::set_limits(const call_limits& limits) {
  const auto now = environment_->time->steady_now();
  std::vector<leaving_call> leaving;
  {
    const std::lock_guard lock(mutex_);
    if (limits == limits_) return;
    limits_ = limits;
    breaker_.set_policy(limits.breaker);
    leaving = take_next(now);
  }
  go_on(std::move(leaving));
}

void bulkhead::renew() {
  const std::lock_guard lock(mutex_);
  breaker_.renew();
}

void bulkhead::close() {
  std::vector<leaving_call> leaving;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    while (!waiting_.empty()) leaving.push_back({.call = take(waiting_.begin()), .refusal = closing()});
  }
  for (auto& each : leaving) {
    each.call->on_stop.reset();
    each.call->done(*std::move(each.refusal));
  }
}

tenant_calls bulkhead::status() const {
  const auto now = environment_->time->steady_now();
  const std::lock_guard lock(mutex_);
  auto made = counts_;
  made.running = running_;
  made.queued = static_cast<std::uint32_t>(waiting_.size());
  made.started += running_;
  made.state = breaker_.current(now);
  made.breaker_openings = breaker_.opened();
  return made;
}

/// [lock] The queue moves on at the pace of the calls that run.
error bulkhead::one_too_many() const {
  auto made =
      make_error("RATE_LIMITED", "The account has too many requests under way.",
                 "expected at most limits.max_calls (" + std::to_string(limits_.max_calls) + ") running, " +
                     "limits.max_queued_calls (" + std::to_string(limits_.max_queued_calls) +
                     ") waiting calls and limits.max_open_bytes (" + std::to_string(limits_.max_open_bytes) +
                     ") of requests, found " + std::to_string(running_) + " running, " +
                     std::to_string(waiting_.size()) + " waiting and " + std::to_string(open_bytes_) + " bytes");
  made.retry_after_s = whole_seconds(usual_time_ * (waiting_.size() + 1) / limits_.max_calls);
  return made;
}

error bulkhead::broken(const circuit_breaker::admission& refused) const {
  auto made = make_error("SERVICE_UNAVAILABLE", "The account's ad server does not answer at the moment.",
                         "the breaker is open, as most of the tenant's calls failed (limits.breaker)");
  made.retry_after_s = whole_seconds(refused.retry_after);
  return made;
}

/// [lock] Out of the queue, and of what is open.
std::unique_ptr<bulkhead::waiting_call> bulkhead::take(queue::iterator at) {
  auto call = std::move(at->second);
  waiting_.erase(at);
  open_bytes_ -= call->request.body.size();
  if (waiting_.empty()) timer_.reset();
  return call;
}

/// [lock] Who may run now, and who is not going to.
std::vector<bulkhead::leaving_call> bulkhead::take_next(steady_time now) {
  std::vector<leaving_call> leaving;
  while (running_ < limits_.max_calls && !waiting_.empty()) {
    leaving_call next{.call = take(waiting_.begin())};
    if (next.call->request.context.deadline <= now) {
      ++counts_.expired_in_queue;
      next.refusal = expired_in_queue();
    } else if (next.admission = breaker_.admit(now); !next.admission.admitted) {
      ++counts_.refused_by_breaker;
      next.refusal = broken(next.admission);
    }
    if (!next.refusal) {
      ++running_;
      open_bytes_ += next.call->request.body.size();
    }
    leaving.push_back(std::move(next));
  }
  return leaving;
}

/// Not on this stack: it may be that of a call that ended, below a plugin's.
void bulkhead::go_on(std::vector<leaving_call> leaving) {
  for (auto& each : leaving) {
    each.call->on_stop.reset();
    environment_->work->post([self = shared_from_this(), each = std::move(each)]() mutable {
      if (each.refusal) return each.call->done(*std::move(each.refusal));
      self->run(std::move(each.call->request), std::move(each.call->done), each.call->impatient, each.admission);
    });
  }
}

void bulkhead::leave_queue::operator()() const noexcept { from->leave(place); }

/// A caller wants no answer any more.
void bulkhead::leave(std::uint64_t place) noexcept {
  std::unique_ptr<waiting_call> call;
  {
    const std::lock_guard lock(mutex_);
    const auto at = waiting_.find(place);
    if (at == waiting_.end()) return;
    call = take(at);
  }
  call->done(answer_stopped());
}

void bulkhead::expire() {
  const auto now = environment_->time->steady_now();
  std::vector<std::unique_ptr<waiting_call>> expired;
  {
    const std::lock_guard lock(mutex_);
    auto earliest = steady_time::max();
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      const auto next = std::next(at);
      const auto deadline = at->second->request.context.deadline;
      if (deadline <= now) {
        ++counts_.expired_in_queue;
        expired.push_back(take(at));
      } else {
        earliest = std::min(earliest, deadline);
      }
      at = next;
    }
    timer_.reset();
    if (!waiting_.empty()) arm(now, earliest);
  }
  for (auto& each : expired) {
    each->on_stop.reset();
    each->done(expired_in_queue());
  }
}

/// [lock] One timer for all that wait, at the earliest deadline there was.
void bulkhead::arm(steady_time now, steady_time deadline) {
  if (timer_ && armed_for_ <= deadline) return;
  armed_for_ = deadline;
  timer_ = environment_->work->after(deadline - now, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->expire();
  });
}

}  // namespace tenon
