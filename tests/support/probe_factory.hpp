#pragma once

#include "await.hpp"

#include <tenon/router.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tenon::testing {

/// A factory around the real one, which counts builds, holds them back, and fails them.
///
/// Threads     Any, concurrently.
class probe_factory final : public factory {
 public:
  explicit probe_factory(std::shared_ptr<factory> real) : real_(std::move(real)) {}

  bool blocks() const noexcept override { return real_->blocks(); }

  void build(std::string tenant, std::stop_token stop, build_handler done) override {
    auto failure = admit(tenant, stop, done);
    if (failure) {
      done(*failure);
    } else if (done) {
      real_->build(std::move(tenant), std::move(stop), std::move(done));
    }
    started_.raise();
  }

  result<std::optional<bool>> foresees(const std::string& tenant, std::string_view task) const override {
    return real_->foresees(tenant, task);
  }

  /// From now on builds start but do not go on.
  void hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }

  /// Lets the builds held so far go on, oldest first, and later ones too.
  void release() {
    std::vector<held_build> going;
    {
      const std::lock_guard lock(mutex_);
      holding_ = false;
      going.swap(held_);
    }
    for (auto& one : going) real_->build(std::move(one.tenant), std::move(one.stop), std::move(one.done));
  }

  /// Lets the oldest held build go on alone.
  void release_one() {
    std::optional<held_build> going;
    {
      const std::lock_guard lock(mutex_);
      going = std::move(held_.front());
      held_.erase(held_.begin());
    }
    real_->build(std::move(going->tenant), std::move(going->stop), std::move(going->done));
  }

  /// The next build fails, before the real factory is asked.
  void fail_next(error with) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(with);
  }

  /// The tenants that were built, in order.
  std::vector<std::string> builds() const {
    const std::lock_guard lock(mutex_);
    return builds_;
  }

  /// The stop token of the nth build.
  std::stop_token stop_of(std::size_t build) const {
    const std::lock_guard lock(mutex_);
    return stops_.at(build);
  }

  bool started(int builds) const { return started_.reaches(builds); }

 private:
  struct held_build {
    std::string tenant;
    std::stop_token stop;
    build_handler done;
  };

  /// The failure to answer with; nothing and an empty `done` if the build is held.
  std::optional<error> admit(const std::string& tenant, const std::stop_token& stop, build_handler& done) {
    const std::lock_guard lock(mutex_);
    builds_.push_back(tenant);
    stops_.push_back(stop);
    if (failure_) return std::exchange(failure_, std::nullopt);
    if (holding_) held_.push_back(held_build{tenant, stop, std::exchange(done, build_handler())});
    return std::nullopt;
  }

  const std::shared_ptr<factory> real_;
  mutable std::mutex mutex_;
  bool holding_ = false;
  std::optional<error> failure_;
  std::vector<std::string> builds_;
  std::vector<std::stop_token> stops_;
  std::vector<held_build> held_;
  tally started_;
};

}  // namespace tenon::testing
