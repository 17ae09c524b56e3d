#pragma once

#include "harness.hpp"

#include <pthread.h>
#include <sched.h>
#include <algorithm>
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tenon::bench {

/// Threads that have a core each as far as there are cores, and run before everything else where that is allowed. They
/// live as long as this, so that a benchmark's process has more than one thread all the time: while it has had only
/// one, libstdc++ counts references without atomics.
class pinned_threads {
 public:
  explicit pinned_threads(std::size_t count) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &allowed)) cores_.push_back(core);
    }
    for (std::size_t thread = 0; thread < count; ++thread) threads_.emplace_back([this, thread] { serve(thread); });
  }
  pinned_threads(const pinned_threads&) = delete;
  pinned_threads& operator=(const pinned_threads&) = delete;
  ~pinned_threads() { run(0, {}); }

  /// Calls work(thread) on each of the first `count` threads, and returns when all have returned.
  void run(std::size_t count, std::function<void(std::size_t)> work) {
    std::unique_lock lock(mutex_);
    work_ = std::move(work);
    wanted_ = running_ = count;
    ++turn_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return running_ == 0; });
  }

  std::string conditions() const {
    std::string said = cores_.size() < threads_.size() ? "threads share cores" : "a core for each thread";
    return said + (first_in_line_ ? ", SCHED_FIFO" : ", not SCHED_FIFO, which this user may not ask for");
  }

 private:
  void serve(std::size_t thread) {
    cpu_set_t mine;
    CPU_ZERO(&mine);
    CPU_SET(cores_[thread % cores_.size()], &mine);
    pthread_setaffinity_np(pthread_self(), sizeof mine, &mine);
    const sched_param lowest{.sched_priority = sched_get_priority_min(SCHED_FIFO)};
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &lowest) != 0) first_in_line_ = false;

    std::unique_lock lock(mutex_);
    for (std::size_t served = 0;;) {
      changed_.wait(lock, [&] { return turn_ != served; });
      served = turn_;
      if (!work_) return;
      if (thread >= wanted_) continue;
      lock.unlock();
      work_(thread);
      lock.lock();
      if (--running_ == 0) changed_.notify_all();
    }
  }

  std::vector<int> cores_;
  std::atomic<bool> first_in_line_ = true;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t turn_ = 0;
  std::size_t wanted_ = 0;
  std::size_t running_ = 0;
  std::function<void(std::size_t)> work_;
  std::vector<std::jthread> threads_;
};

/// How long the blocks of work(thread, block) took, in nanoseconds, on so many threads at once. Who is through goes on
/// until all are, so that no block is measured in quiet.
inline std::vector<double> block_times(pinned_threads& threads, std::size_t count, std::size_t blocks,
                                       const std::function<void(std::size_t, std::size_t)>& work) {
  std::vector<double> took(count * blocks);
  std::barrier together(static_cast<std::ptrdiff_t>(count));
  std::atomic<std::size_t> busy = count;
  threads.run(count, [&](std::size_t thread) {
    together.arrive_and_wait();
    for (std::size_t block = 0; block < blocks; ++block)
      took[thread * blocks + block] = nanoseconds([&] { work(thread, block); });
    --busy;
    for (std::size_t block = 0; busy > 0; block = (block + 1) % blocks) work(thread, block);
  });
  return took;
}

}  // namespace tenon::bench
