#pragma once

#include <tenon/unique_function.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tenon {

/// The platforms that are being built, held, or retired and not yet destroyed: what a shutdown waits for before it
/// stops the loader.
///
/// Threads     Any, concurrently.
class open_platforms {
 public:
  open_platforms() = default;
  open_platforms(const open_platforms&) = delete;
  open_platforms& operator=(const open_platforms&) = delete;

  std::uint64_t open() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }

  /// `done` is called once, here if none is open, else on the thread that ends the last one. That is usually the
  /// loader's: do not stop the loader or wait in it, post to an executor instead.
  void when_none(unique_function<void()> done) {
    {
      const std::lock_guard lock(mutex_);
      if (open_ != 0) {
        waiting_.push_back(std::move(done));
        return;
      }
    }
    done();
  }

 private:
  friend class platform_ticket;

  void begin() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }

  void end() {
    std::vector<unique_function<void()>> told;
    {
      const std::lock_guard lock(mutex_);
      if (--open_ == 0) told.swap(waiting_);
    }
    for (auto& done : told) done();
  }

  mutable std::mutex mutex_;
  std::uint64_t open_ = 0;
  std::vector<unique_function<void()>> waiting_;
};

/// One platform, or one step of its life: counted for as long as the ticket lives.
class platform_ticket {
 public:
  platform_ticket() = default;
  explicit platform_ticket(std::shared_ptr<open_platforms> counted) : counted_(std::move(counted)) {
    if (counted_) counted_->begin();
  }
  platform_ticket(platform_ticket&& other) noexcept : counted_(std::exchange(other.counted_, nullptr)) {}
  platform_ticket& operator=(platform_ticket&& other) noexcept {
    std::swap(counted_, other.counted_);
    return *this;
  }
  ~platform_ticket() {
    if (counted_) counted_->end();
  }

 private:
  std::shared_ptr<open_platforms> counted_;
};

}  // namespace tenon
