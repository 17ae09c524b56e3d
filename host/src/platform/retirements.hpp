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
class retirements {
 public:
  retirements() = default;
  retirements(const retirements&) = delete;
  retirements& operator=(const retirements&) = delete;

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
  friend class retirement_ticket;

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
class retirement_ticket {
 public:
  retirement_ticket() = default;
  explicit retirement_ticket(std::shared_ptr<retirements> counted) : counted_(std::move(counted)) {
    if (counted_) counted_->begin();
  }
  retirement_ticket(retirement_ticket&& other) noexcept : counted_(std::exchange(other.counted_, nullptr)) {}
  retirement_ticket& operator=(retirement_ticket&& other) noexcept {
    std::swap(counted_, other.counted_);
    return *this;
  }
  ~retirement_ticket() {
    if (counted_) counted_->end();
  }

 private:
  std::shared_ptr<retirements> counted_;
};

}  // namespace tenon
