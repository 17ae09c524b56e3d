#pragma once

#include <tenon/sdk/detail/operation.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::sdk {

/// How often an upstream account may be used, by everybody together.
class quota {
 public:
  /// `account`: what the upstream counts by, such as a network code. `per_second`: 0 limits nothing but what is held.
  /// `burst`: how many turns may be saved up while nobody asks.
  quota(std::string account, double per_second, std::uint32_t burst)
      : account_(std::move(account)),
        interval_(per_second > 0 ? static_cast<std::int64_t>(1e9 / per_second) : 0),
        burst_(burst) {}

  const std::string& account() const noexcept { return account_; }
  std::chrono::nanoseconds interval() const noexcept { return interval_; }
  std::uint32_t burst() const noexcept { return burst_; }

 private:
  std::string account_;
  std::chrono::nanoseconds interval_;
  std::uint32_t burst_;
};

/// What `co_await limiter().turn(...)` waits with.
class turn_operation final : public detail::operation_awaiter {
 public:
  turn_operation(detail::host_link link, quota of, std::chrono::nanoseconds patience)
      : operation_awaiter(link), of_(std::move(of)), patience_(patience) {}

  void await_resume() const {
    throw_if_cancelled();
    if (status() == TENON_OK) return;
    if (status() == TENON_E_LIMIT && !refused()) {
      throw errors::rate_limited(std::chrono::ceil<std::chrono::seconds>(wait_),
                                 "the quota of " + of_.account() + " is spent for " +
                                     std::to_string(wait_ / std::chrono::milliseconds(1)) +
                                     " ms, longer than this call has");
    }
    throw errors::service_unavailable("limiter/1 gave no turn: " + std::string(detail::status_name(status())));
  }

 private:
  tenon_status start(void* user, tenon_op* id) override {
    tenon_turn turn{};
    turn.struct_size = sizeof turn;
    turn.burst = of_.burst();
    turn.key = detail::to_abi(of_.account());
    turn.interval_ns = static_cast<std::uint64_t>(of_.interval().count());
    turn.max_wait_ns = static_cast<std::uint64_t>(patience_.count() < 0 ? 0 : patience_.count());
    return link().limiter().acquire(link().ctx(), &turn, &done, user, id);
  }
  static void done(void* user, tenon_op, tenon_status status, std::uint64_t wait_ns) noexcept {
    auto* self = complete<turn_operation>(user, status);
    if (self == nullptr) return;
    self->wait_ = std::chrono::nanoseconds(static_cast<std::int64_t>(wait_ns));
    self->wake();
  }

  quota of_;
  std::chrono::nanoseconds patience_;
  std::chrono::nanoseconds wait_{0};
};

/// Turns of an upstream account, shared with every tenant and every version of this plugin. A cheap value.
class limiter_service {
 public:
  explicit limiter_service(detail::host_link link) noexcept : link_(link) {}

  /// `co_await` it: goes on when it is this call's turn, in order of arrival. Throws RATE_LIMITED, with the time to
  /// come back, at once when the turn would come later than in `patience`.
  turn_operation turn(quota of, std::chrono::nanoseconds patience) const {
    return turn_operation(link_, std::move(of), patience);
  }

  /// Nobody gets a turn for `delay`: the upstream asked for that (Retry-After).
  void hold(std::string_view account, std::chrono::nanoseconds delay) const {
    const auto ns = static_cast<std::uint64_t>(delay.count() < 0 ? 0 : delay.count());
    link_.limiter().hold(link_.ctx(), detail::to_abi(account), ns);
  }

 private:
  detail::host_link link_;
};

}  // namespace tenon::sdk
