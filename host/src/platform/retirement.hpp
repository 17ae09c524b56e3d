#pragma once

#include "platform/platform_shell.hpp"

#include <memory>

namespace tenon {

/// Takes a platform down, without ever blocking a thread: wait for its calls (`grace`), cancel them, wait a little
/// (retire_hard), answer what is still open, close the gate, wait until nobody is inside (retire_stuck), then destroy
/// on the loader thread. A thread that stays inside makes the library a zombie; when it comes back after all, the
/// instance is destroyed, and the library stays mapped.
///
/// Threads     Any. Returns at once; everything happens on the environment's executor and the loader thread.
void retire(std::shared_ptr<platform_shell> shell, std::chrono::milliseconds grace);

}  // namespace tenon
