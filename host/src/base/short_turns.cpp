#include "base/short_turns.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>

namespace tenon {
namespace {

constexpr std::uint64_t turn_ns = 100'000;  // the shortest there is

/// As sched_setattr(2) has it; glibc 2.36 has no wrapper.
struct scheduling {
  std::uint32_t size = sizeof(scheduling);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = turn_ns;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

}  // namespace

void take_short_turns() noexcept {
  thread_local bool done = false;
  if (done || ::sched_getscheduler(0) != SCHED_OTHER) return;  // somebody has given it a policy of another kind
  done = true;
  errno = 0;
  const int niceness = ::getpriority(PRIO_PROCESS, 0);
  if (errno != 0) return;
  const scheduling wanted{.nice = niceness};
  static_cast<void>(::syscall(SYS_sched_setattr, 0, &wanted, 0u));
}

}  // namespace tenon
