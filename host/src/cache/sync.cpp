#include "cache/sync.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <thread>

namespace tenon {
namespace {

bool membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0) == 0; }

}  // namespace

bool std_sync::heavy_fences() noexcept {
  static const bool registered = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  return registered;
}

void std_sync::heavy_fence() noexcept {
  full_fence();
  // Registered, so it fails for want of memory alone, in kernels that need some.
  while (heavy_fences() && !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) && errno == ENOMEM) std::this_thread::yield();
}

}  // namespace tenon
