#pragma once

#include <tenon/sdk/detail/operation.hpp>

#include <chrono>

namespace tenon::sdk {

/// The host's clocks: use them and not the standard ones, so that a test can turn them. A cheap value.
class clocks {
 public:
  explicit clocks(detail::host_link link) noexcept : link_(link) {}

  /// Monotonic; only differences mean something.
  std::chrono::steady_clock::time_point steady() const {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(link_.clock().steady_ns(link_.ctx())));
  }
  std::chrono::system_clock::time_point wall() const {
    return std::chrono::system_clock::time_point(std::chrono::nanoseconds(link_.clock().wall_ns(link_.ctx())));
  }

 private:
  detail::host_link link_;
};

/// What `co_await timers().sleep(...)` waits with.
class sleep_operation final : public detail::operation_awaiter {
 public:
  sleep_operation(detail::host_link link, std::chrono::nanoseconds delay) noexcept
      : operation_awaiter(link), delay_(delay) {}

  void await_resume() const {
    throw_if_cancelled();
    if (status() != TENON_OK) {
      throw errors::service_unavailable("timer/1 did not start a timer: " + std::string(detail::status_name(status())));
    }
  }

 private:
  tenon_status start(void* user, tenon_op* id) override {
    const auto ns = static_cast<std::uint64_t>(delay_.count() < 0 ? 0 : delay_.count());
    return link().timer().start(link().ctx(), ns, &done, user, id);
  }
  static void done(void* user, tenon_op, tenon_status status) noexcept {
    if (auto* self = complete<sleep_operation>(user, status)) self->wake();
  }

  std::chrono::nanoseconds delay_;
};

/// Timers of the host. A cheap value.
class timer_service {
 public:
  explicit timer_service(detail::host_link link) noexcept : link_(link) {}

  /// `co_await` it: goes on no earlier than `delay` from now.
  sleep_operation sleep(std::chrono::nanoseconds delay) const { return sleep_operation(link_, delay); }

 private:
  detail::host_link link_;
};

}  // namespace tenon::sdk
