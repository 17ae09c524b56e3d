#include "host/submitted_tasks.hpp"

#include "base/operator_text.hpp"
#include "platform/plain_text.hpp"
#include "platform/signature.hpp"

#include <spdlog/logger.h>

#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tenon {
namespace {

constexpr std::chrono::seconds shortest_pause{5};
constexpr std::chrono::seconds longest_pause{15 * 60};
constexpr std::chrono::seconds look_again{60};  // for a clock that is set back, and what could not be written
constexpr std::uint32_t most_listed = 1000;
constexpr std::size_t longest_evidence = 1000;

/// 128 random bits: who does not know it cannot ask for it.
std::string new_id() {
  std::array<unsigned char, 16> bytes{};
  random_bytes(bytes);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "task-";
  for (const auto byte : bytes) {
    id += digits[byte >> 4];
    id += digits[byte & 15];
  }
  return id;
}

reply submitted_reply(const submitted_task& task) {
  boost::json::object body{{"status", "submitted"}, {"task_id", task.id}};
  if (!task.message.empty()) body["message"] = task.message;
  return {.body = boost::json::serialize(body), .unfinished = true};
}

error in_flight() {
  auto made = make_error("IDEMPOTENCY_IN_FLIGHT", "A request with this idempotency key is being worked on.",
                         "the tenant's plugin makes one call of a key at a time");
  made.field = "idempotency_key";
  made.suggestion = "Repeat the request with the same key in a moment.";
  made.retry_after_s = 1;
  return made;
}

error too_many_open(std::uint64_t limit) {
  auto made = make_error("SERVICE_UNAVAILABLE", "The account has too many requests that are not over yet.",
                         "expected fewer than " + std::to_string(limit) +
                             " submitted tasks of a tenant; see why they do not end (tenonctl tasks)");
  made.retry_after_s = 60;
  return made;
}

/// A plugin said so for a call of which the host has kept nothing: by its deployment the task is none that changes
/// anything.
error submitted_unexpectedly(const task_submission& what) {
  return make_error("INTERNAL_ERROR", "The request could not be handled.",
                    "a task that the tenant's manifest does not flag as mutating was submitted (" + what.message +
                        "); what it made stands, and nobody goes on with it");
}

/// What a buyer may see of an error, as AdCP has it.
std::string error_text(const error& why) {
  boost::json::object made{{"code", why.code}, {"message", why.message}, {"recovery", to_string(why.recover)}};
  if (!why.field.empty()) made["field"] = why.field;
  if (!why.suggestion.empty()) made["suggestion"] = why.suggestion;
  if (why.retry_after_s != 0) made["retry_after"] = why.retry_after_s;
  boost::system::error_code failed;
  auto details = boost::json::parse(why.details, failed);
  if (!failed && details.is_object()) made["details"] = std::move(details);
  return boost::json::serialize(made);
}

/// Whether another attempt may end otherwise: what passes; and what the host says, for an operator can mend that, and
/// the plugin has not been asked.
bool worth_another(const error& why) noexcept { return !why.by_plugin || why.recover == recovery::transient; }

/// What two calls have in common that are to have one effect.
std::string key_of(const call_request& request) {
  const auto& context = request.context;
  std::string key = context.account.tenant_id().value_or("");
  for (const auto& part : {context.principal, request.task, context.idempotency_key}) {
    key += '\0';
    key += part;
  }
  return key;
}

}  // namespace

/// A buyer's call is under way. Until its end is known, and written down.
struct submitted_tasks::running_key {
  std::shared_ptr<submitted_tasks> tasks;
  std::string key;

  running_key(std::shared_ptr<submitted_tasks> of, std::string text) : tasks(std::move(of)), key(std::move(text)) {}
  running_key(const running_key&) = delete;
  running_key& operator=(const running_key&) = delete;
  ~running_key() {
    const std::lock_guard lock(tasks->mutex_);
    tasks->keys_.erase(key);
  }
};

void submitted_tasks::call(call_request request, reply_handler done) {
  // Who goes on with a task knows it already.
  if (request.context.resumed) return world_.start(std::move(request), std::move(done));
  const auto kind = world_.kind_of(request.context.account.tenant_id().value_or(""), request.task);
  if (kind.may_submit) return call_by_key(std::move(request), std::move(done));
  if (kind.mutating) return start(std::move(request), nullptr, std::move(done));
  world_.start(std::move(request), [done = std::move(done)](result<reply> outcome) mutable {
    if (outcome && outcome->submitted) outcome = submitted_unexpectedly(*outcome->submitted);
    done(std::move(outcome));
  });
}

/// Not begun before the book has been asked: for what is submitted under its key, and whether there is room.
void submitted_tasks::call_by_key(call_request request, reply_handler done) {
  std::shared_ptr<const running_key> key;
  if (!request.context.idempotency_key.empty()) {
    auto text = key_of(request);
    {
      const std::lock_guard lock(mutex_);
      if (!keys_.insert(text).second) text.clear();
    }
    if (text.empty()) return done(in_flight());
    key = std::make_shared<const running_key>(shared_from_this(), std::move(text));
  }
  boost::asio::post(world_.files, [self = shared_from_this(), request = std::move(request), key = std::move(key),
                                   done = std::move(done)]() mutable {
    auto known = self->answer_from_book(request);
    if (known && !*known) return self->start(std::move(request), std::move(key), std::move(done));
    key.reset();
    if (known) return done(std::move(**known));
    done(std::move(known.error()));
  });
}

/// Nothing: the call may begin.
result<std::optional<reply>> submitted_tasks::answer_from_book(const call_request& request) {
  const auto book = opened(false);
  if (!book) return book.error();
  if (!*book) return std::optional<reply>();
  const auto tenant = request.context.account.tenant_id().value_or("");
  const auto& key = request.context.idempotency_key;
  if (!key.empty()) {
    const auto known = (*book)->find_open(tenant, request.context.principal, request.task, key);
    if (!known) return known.error();
    if (*known) return std::optional(submitted_reply(**known));
  }
  const auto open = (*book)->open_count(tenant);
  if (!open) return open.error();
  if (*open >= world_.most_open_of_tenant) return too_many_open(world_.most_open_of_tenant);
  return std::optional<reply>();
}

void submitted_tasks::start(call_request request, std::shared_ptr<const running_key> key, reply_handler done) {
  auto kept = request;
  world_.start(std::move(request), [self = shared_from_this(), kept = std::move(kept), key = std::move(key),
                                    done = std::move(done)](result<reply> outcome) mutable {
    if (outcome && outcome->submitted) {
      const auto what = outcome->submitted;
      return self->keep(std::move(kept), *what, std::move(key), std::move(done));
    }
    key.reset();
    done(std::move(outcome));
  });
}

result<std::shared_ptr<task_book>> submitted_tasks::opened(bool make) {
  const std::lock_guard lock(opening_);
  std::error_code failed;
  if (!book_ && (make || std::filesystem::exists(world_.book, failed))) {
    auto found = task_book::open(world_.book);
    if (!found) return found.error();
    book_ = std::move(*found);
  }
  return book_;
}

void submitted_tasks::keep(call_request request, const task_submission& what, std::shared_ptr<const running_key> key,
                           reply_handler done) {
  const auto now = world_.time->wall_now();
  submitted_task task{.id = new_id(),
                      .tenant = request.context.account.tenant_id().value_or(""),
                      .task = std::move(request.task),
                      .account_id = std::move(request.context.account.id),
                      .principal = std::move(request.context.principal),
                      .trace_id = std::move(request.context.trace_id),
                      .idempotency_key = std::move(request.context.idempotency_key),
                      .request = std::move(request.body),
                      .resume = what.resume,
                      .due = now + std::chrono::duration_cast<wall_time::duration>(what.delay),
                      .message = what.message,
                      .created = now,
                      .updated = now};
  boost::asio::post(world_.files, [self = shared_from_this(), task = std::move(task), key = std::move(key),
                                   done = std::move(done)]() mutable {
    auto book = self->opened(true);
    const auto written = book ? (*book)->put(task) : result<void>(book.error());
    key.reset();  // from here on the book knows
    if (!written) {
      self->world_.logger->error("tenant {}: {} is not over and could not be written down: {}", task.tenant, task.task,
                                 operator_text(written.error()));
      auto why = written.error();
      why.retry_after_s = 30;
      return done(std::move(why));
    }
    self->world_.logger->info("tenant {}: {} is submitted as {}: {}", task.tenant, task.task, task.id, task.message);
    done(submitted_reply(task));
    self->look_at(task.due);
  });
}

void submitted_tasks::begin() { look_at(world_.time->wall_now()); }

void submitted_tasks::stop() {
  std::shared_ptr<void> timer;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  timer.swap(timer_);
}

/// Has the book looked at then, if not earlier.
void submitted_tasks::look_at(wall_time when) {
  const auto now = world_.time->wall_now();
  std::shared_ptr<void> before;
  const std::lock_guard lock(mutex_);
  if (stopped_ || when >= armed_) return;
  armed_ = when;
  before.swap(timer_);
  timer_ = world_.work->after(std::max(when - now, wall_time::duration::zero()), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    {
      const std::lock_guard again(self->mutex_);
      if (self->stopped_) return;
      self->armed_ = wall_time::max();
    }
    boost::asio::post(self->world_.files, [self] { self->look(); });
  });
}

void submitted_tasks::look() {
  const auto book = opened(false);
  if (!book) {
    world_.logger->error("submitted tasks cannot be gone on with: {}", operator_text(book.error()));
    return look_at(world_.time->wall_now() + look_again);
  }
  if (!*book) return;
  const auto now = world_.time->wall_now();
  const auto forgotten = (*book)->forget_ended(now - std::chrono::duration_cast<wall_time::duration>(world_.retention));
  const auto next = (*book)->next_due();
  auto starting = take_due(**book, now);
  if (!forgotten || !starting) {
    world_.logger->error("submitted tasks cannot be looked at: {}",
                         operator_text(forgotten ? starting.error() : forgotten.error()));
  }
  if (starting) {
    for (auto& task : *starting) go_on(std::move(task));
  }
  // What is due and has no room is looked at when one of those that run has ended.
  auto later = now + look_again;
  if (next && *next > now) later = std::min(later, *next);
  look_at(later);
}

/// Those that are gone on with now: from here on they are under way.
result<std::vector<submitted_task>> submitted_tasks::take_due(task_book& book, wall_time now) {
  std::vector<submitted_task> taken;
  const std::lock_guard one_at_a_time(looking_);
  // Among these are those that run, and those of tenants that have enough of them: beside them there are enough.
  const auto due = book.due(now, world_.at_once * 4, world_.at_once_of_tenant * 2);
  if (!due) return due.error();
  std::vector<std::string> chosen;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return taken;
    for (const auto& [id, tenant] : *due) {
      if (running_.size() >= world_.at_once) break;
      const auto same = [&tenant](const auto& each) { return each.second == tenant; };
      if (std::ranges::count_if(running_, same) >= world_.at_once_of_tenant) continue;
      if (running_.emplace(id, tenant).second) chosen.push_back(id);
    }
  }
  for (const auto& id : chosen) {
    auto read = book.find({}, id);
    if (read && *read) {
      taken.push_back(std::move(**read));
      continue;
    }
    world_.logger->error("{} cannot be gone on with: {}", id,
                         read ? "it is in the book no more" : operator_text(read.error()));
    const std::lock_guard lock(mutex_);
    running_.erase(id);
  }
  return taken;
}

void submitted_tasks::go_on(submitted_task task) {
  call_request request{.task = task.task, .body = task.request, .context = {}};
  request.context.account = {.id = task.account_id, .metadata = {{"tenant_id", task.tenant}}};
  request.context.principal = task.principal;
  request.context.trace_id = task.trace_id;
  request.context.idempotency_key = task.idempotency_key;
  request.context.recovering = true;
  request.context.resumed = std::make_shared<const task_resumption>(
      task_resumption{.task_id = task.id,
                      .resume = task.resume,
                      .attempt = task.attempt,
                      .last = world_.time->wall_now() - task.created >= world_.give_up});
  const auto resumed = request.context.resumed;
  world_.through(std::move(request),
                 [self = shared_from_this(), resumed, task = std::move(task)](result<reply> outcome) mutable {
                   self->settle(std::move(task), resumed->last, std::move(outcome));
                 });
}

/// Half to all of a time that doubles with every attempt.
std::chrono::nanoseconds submitted_tasks::pause_after(std::uint32_t attempt) const {
  const std::chrono::nanoseconds longest =
      std::min<std::chrono::nanoseconds>(longest_pause, shortest_pause * (1LL << std::min(attempt, 10u)));
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(static_cast<double>(longest.count()) * (1 + world_.chance()) / 2));
}

void submitted_tasks::settle(submitted_task task, bool last, result<reply> outcome) {
  const auto now = world_.time->wall_now();
  task.updated = now;
  const auto again = [&](std::chrono::nanoseconds delay) {
    task.due = now + std::chrono::duration_cast<wall_time::duration>(delay);
  };
  // A last attempt that did not come as far as the plugin was none; but not for ever.
  const bool asked = outcome || outcome.error().by_plugin;
  const bool given_up = last && (asked || now - task.created >= world_.give_up * 2);
  if (given_up && outcome && outcome->submitted) {
    outcome = make_error("SERVICE_UNAVAILABLE", "The task did not end in time.",
                         "the plugin has submitted it again and again: " + outcome->submitted->message);
  }
  if (outcome && outcome->submitted) {
    task.resume = outcome->submitted->resume;
    task.message = outcome->submitted->message;
    task.trouble.clear();
    again(std::max<std::chrono::nanoseconds>(outcome->submitted->delay, std::chrono::seconds(1)));
  } else if (outcome) {
    task.now = submitted_task::state::completed;
    task.outcome = std::move(outcome->body);
  } else if (worth_another(outcome.error()) && !given_up) {
    task.trouble = operator_text(outcome.error());
    again(std::max<std::chrono::nanoseconds>(pause_after(task.attempt),
                                             std::chrono::seconds(outcome.error().retry_after_s)));
  } else {
    task.now = submitted_task::state::failed;
    task.trouble = operator_text(outcome.error());
    task.outcome = error_text(outcome.error());
    if (given_up) {
      world_.logger->error("tenant {}: {} ({}) is given up: look in the ad server for what there is of it: {}",
                           task.tenant, task.id, task.task, escaped(task.resume, longest_evidence));
    }
  }
  ++task.attempt;
  boost::asio::post(world_.files,
                    [self = shared_from_this(), task = std::move(task)]() mutable { self->write(std::move(task)); });
}

void submitted_tasks::write(submitted_task task) {
  const auto book = opened(true);
  std::unique_lock one_at_a_time(looking_);
  const auto written = book ? (*book)->put(task) : result<void>(book.error());
  {
    const std::lock_guard lock(mutex_);
    running_.erase(task.id);
  }
  one_at_a_time.unlock();
  // What is not written is gone on with once more, which asks the ad server what there is already.
  if (!written) {
    world_.logger->error("tenant {}: how {} ended could not be written down: {}", task.tenant, task.id,
                         operator_text(written.error()));
    return look_at(world_.time->wall_now() + look_again);
  }
  if (task.now == submitted_task::state::submitted) {
    world_.logger->info("tenant {}: {} is not over after {} attempts, next at {}: {}", task.tenant, task.id,
                        task.attempt, utc_text(task.due), task.trouble.empty() ? task.message : task.trouble);
  } else {
    world_.logger->info("tenant {}: {} {}{}{}", task.tenant, task.id,
                        task.now == submitted_task::state::completed ? "is completed" : "has failed",
                        task.trouble.empty() ? "" : ": ", task.trouble);
    if (world_.ended) world_.ended(task);
  }
  look();
}

void submitted_tasks::find(std::string tenant, std::string id,
                           unique_function<void(result<std::optional<submitted_task>>)> done) {
  boost::asio::post(world_.files, [self = shared_from_this(), tenant = std::move(tenant), id = std::move(id),
                                   done = std::move(done)]() mutable {
    const auto book = self->opened(false);
    if (!book) return done(book.error());
    if (!*book) return done(std::optional<submitted_task>());
    done((*book)->find(tenant, id));
  });
}

void submitted_tasks::list(std::string tenant, unique_function<void(result<std::vector<submitted_task>>)> done) {
  boost::asio::post(world_.files,
                    [self = shared_from_this(), tenant = std::move(tenant), done = std::move(done)]() mutable {
                      const auto book = self->opened(false);
                      if (!book) return done(book.error());
                      if (!*book) return done(std::vector<submitted_task>());
                      done((*book)->list(tenant, most_listed));
                    });
}

}  // namespace tenon
