#pragma once

#include <memory>

namespace tenon {

/// Handlers of the signals that end a process for a fault of its own: they mark the entry into plugin code that the
/// dying thread was in, then leave the signal to whoever handled it before, so that core dumps, reports and the exit
/// status are as without them.
///
/// What somebody else sends (kill -ABRT, a watchdog) marks nothing: only a fault of the thread itself, or a signal that
/// the process sent to this very thread, as abort() does. A signal is handled once: it was to end the process.
///
/// Process-wide, so shared: installed with the first, gone with the last, unless somebody installed others on top.
///
/// Threads     Any, concurrently.
class crash_handlers {
 public:
  static std::shared_ptr<crash_handlers> install();

  crash_handlers(const crash_handlers&) = delete;
  crash_handlers& operator=(const crash_handlers&) = delete;
  ~crash_handlers();

  /// Gives the calling thread an alternate stack, if it has none and handlers are installed: else a stack overflow
  /// could not be handled. It goes with the thread. Cost        One load, after the thread's first time.
  static void prepare_thread() noexcept;

 private:
  crash_handlers();
};

/// "SIGSEGV" and so on, for these signals.
const char* name_of_crash(int signal) noexcept;

/// Whether its siginfo names an address.
bool has_address(int signal) noexcept;

}  // namespace tenon
