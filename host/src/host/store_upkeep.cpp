#include "host/store_upkeep.hpp"

#include "base/short_turns.hpp"

#include <tenon/clock.hpp>

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace tenon {

store_upkeep::store_upkeep(boost::asio::thread_pool& pool, std::shared_ptr<plugin_store> store,
                           std::shared_ptr<spdlog::logger> logger)
    : pool_(pool), store_(std::move(store)), logger_(std::move(logger)), timer_(pool) {}

std::chrono::seconds store_upkeep::interval(const store_limits& limits) noexcept {
  return std::clamp<std::chrono::seconds>(limits.retention / 4, std::chrono::minutes(1), std::chrono::hours(1));
}

void store_upkeep::trim(const store_limits& limits) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  limits_ = limits;
  boost::asio::post(pool_, [self = shared_from_this()] { self->look(); });
  wait();
}

void store_upkeep::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  timer_.cancel();
}

/// With the lock held. Setting the timer anew ends the wait that was there.
void store_upkeep::wait() {
  timer_.expires_after(interval(limits_));
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = cancelled ? nullptr : weak.lock();
    if (!self) return;
    self->look();
    const std::lock_guard lock(self->mutex_);
    if (!self->stopped_) self->wait();
  });
}

void store_upkeep::look() const {
  take_short_turns();
  const auto limits = [this] {
    const std::lock_guard lock(mutex_);
    return limits_;
  }();
  // Ages are those of files, which the machine's clock gives.
  const auto trimmed = store_->trim(limits, system_clock().wall_now());
  if (!trimmed) return logger_->warn("{}", trimmed.error().operator_detail);
  if (trimmed->removed_files == 0) return;
  logger_->info("store: {} files of {} bytes removed, {} copies of {} bytes there", trimmed->removed_files,
                trimmed->removed_bytes, trimmed->files, trimmed->bytes);
}

}  // namespace tenon
