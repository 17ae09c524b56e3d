#pragma once

#include <tenon/status.hpp>
#include <tenon/unique_function.hpp>

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace tenon {

struct fair_pool_options {
  std::uint32_t threads = 4;
  std::uint32_t per_owner = 2;                      ///< threads that one owner may hold
  std::chrono::milliseconds replace_after{60'000};  ///< a thread that one job has held for longer is replaced
  std::uint32_t replacements_per_owner = 4;         ///< at a time; what this owner holds then, it holds
  /// Told of each replacement, on a thread of the pool's: who holds the thread.
  std::function<void(const std::string& owner)> on_replaced = {};
};

/// Threads for work that blocks, shared fairly: owners take turns, each holds a few threads at most, and a thread that
/// does not come back is replaced. So one owner whose work hangs for ever costs the others no thread.
///
/// A thread that was replaced ends when its job does. Until then its owner may not hold it against the pool: it has as
/// many as before, until it has used up its replacements.
///
/// Lifetime    An execution context, as Asio has it: executors and what runs on them do not outlive it. join() first;
///             the destructor joins too.
/// Threads     Any. The destructor not from a job.
/// Cost        A job: two locks and a queue; one more thread than `threads`, which looks for those that hang.
class fair_pool final : public boost::asio::execution_context {
  struct lane;

 public:
  class executor_type;

  explicit fair_pool(fair_pool_options options);
  fair_pool(const fair_pool&) = delete;
  fair_pool& operator=(const fair_pool&) = delete;
  ~fair_pool();

  /// The owner's share. Executors of one owner are equal.
  executor_type executor_of(const std::string& owner);

  /// Runs what is queued and waits for it, jobs that hang included; what comes later is dropped unrun.
  void join();

  bool runs_in_this_thread() const noexcept;

  blocking_status status() const;

 private:
  struct worker {
    std::thread thread;
    std::shared_ptr<lane> job_of;  ///< null: idle
    std::chrono::steady_clock::time_point begun;
    bool replaced = false;
  };
  using workers = std::list<worker>;

  void submit(const std::shared_ptr<lane>& owner, unique_function<void()> job);
  void add_worker();
  void work(workers::iterator self);
  void run_next(std::unique_lock<std::mutex>& lock, worker& self);
  void list(const std::shared_ptr<lane>& owner);
  void watch();
  std::chrono::steady_clock::time_point replace_those_that_hang(std::unique_lock<std::mutex>& lock);

  const fair_pool_options options_;
  mutable std::mutex mutex_;
  std::condition_variable work_or_end_;
  std::condition_variable watch_or_end_;
  std::condition_variable all_ended_;
  std::map<std::string, std::weak_ptr<lane>, std::less<>> lanes_;
  std::deque<std::shared_ptr<lane>> ready_;  ///< with a job that may run, in turn
  workers workers_;
  workers ended_;  ///< to be joined
  bool ending_ = false;
  std::uint64_t waiting_ = 0;
  std::uint64_t replacements_ = 0;
  std::thread watcher_;
};

/// What Asio posts to: never runs a job inside execute().
class fair_pool::executor_type {
 public:
  executor_type require(boost::asio::execution::blocking_t::never_t) const { return *this; }
  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept;

  template <class Job>
  void execute(Job&& job) const {
    submit(unique_function<void()>(std::forward<Job>(job)));
  }

  friend bool operator==(const executor_type& left, const executor_type& right) noexcept {
    return left.lane_ == right.lane_;
  }
  friend bool operator!=(const executor_type& left, const executor_type& right) noexcept { return !(left == right); }

 private:
  friend class fair_pool;
  explicit executor_type(std::shared_ptr<lane> owner) : lane_(std::move(owner)) {}
  void submit(unique_function<void()> job) const;

  std::shared_ptr<lane> lane_;
};

}  // namespace tenon
