#pragma once

#include <tenon/abi/types.h>

#include <map>
#include <mutex>
#include <stop_token>

namespace tenon {

/// The exchanges that blocking tasks are waiting for, so that the end of a call ends its wait.
///
/// Threads     Any, concurrently.
class blocking_waits {
 public:
  /// One wait, registered for as long as this lives.
  class scope {
   public:
    scope(blocking_waits& waits, tenon_token call) : waits_(waits) {
      const std::lock_guard lock(waits_.mutex_);
      at_ = waits_.open_.emplace(call, std::stop_source());
      stop_ = at_->second.get_token();
    }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope() {
      const std::lock_guard lock(waits_.mutex_);
      waits_.open_.erase(at_);
    }
    const std::stop_token& stop() const noexcept { return stop_; }

   private:
    blocking_waits& waits_;
    std::multimap<tenon_token, std::stop_source>::iterator at_;
    std::stop_token stop_;
  };

  /// Ends the waits of one call.
  void stop(tenon_token call) {
    std::unique_lock lock(mutex_);
    std::multimap<tenon_token, std::stop_source> taken;
    for (auto [at, end] = open_.equal_range(call); at != end; ++at) taken.emplace(call, at->second);
    lock.unlock();
    // Outside the lock: a stop request runs callbacks of the HTTP client.
    for (auto& [token, source] : taken) source.request_stop();
  }

 private:
  std::mutex mutex_;
  std::multimap<tenon_token, std::stop_source> open_;
};

}  // namespace tenon
