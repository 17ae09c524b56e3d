#include "base/background_thread.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdint>

namespace tenon {
namespace {

constexpr int niceness = 10;
constexpr std::uint64_t turn_ns = 100'000;  // the shortest there is

/// As sched_setattr(2) has it; glibc 2.36 has no wrapper.
struct scheduling {
  std::uint32_t size = sizeof(scheduling);
  std::uint32_t policy = SCHED_BATCH;
  std::uint64_t flags = 0;
  std::int32_t nice = niceness;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = turn_ns;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

}  // namespace

void work_in_background() noexcept {
  thread_local bool done = false;
  if (done) return;
  done = true;
  const scheduling wanted;
  if (::syscall(SYS_sched_setattr, 0, &wanted, 0u) == 0) return;
  ::setpriority(PRIO_PROCESS, 0, niceness);  // Linux: of the calling thread
}

}  // namespace tenon
