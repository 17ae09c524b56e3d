#pragma once

#include "platform/entry_record.hpp"
#include "platform/operation.hpp"
#include "platform/token_table.hpp"

#include <tenon/abi/types.h>

#include <vector>

namespace tenon {

/// The host's frame around one entry into plugin code, found by the services through a thread-local pointer.
///
/// It is the proof that this thread may use the services of the shell's platform, and it holds back what must not
/// happen below plugin code: operations are launched and answers handed out after the plugin's function has returned.
///
/// Order at the end of an entry: leave_plugin(), launch(), the shell's gate is left, deliver(). Operations are launched
/// while the platform is still pinned; callers' code runs when it no longer is.
///
/// Threads     The one that made it.
class entry_frame {
 public:
  /// `what` is entered: a task, or "destroy()". `blocking`: the token of a call that may wait on this thread, else 0.
  entry_frame(platform_shell& shell, const char* what, tenon_token blocking = 0) noexcept;
  entry_frame(const entry_frame&) = delete;
  entry_frame& operator=(const entry_frame&) = delete;
  ~entry_frame();

  /// The frame that lets this thread use `ctx`, or null (counted as a foreign call). `ctx` is compared, never followed.
  static entry_frame* of(const tenon_ctx* ctx) noexcept;

  platform_shell& shell() const noexcept { return shell_; }
  tenon_token blocking_call() const noexcept { return blocking_; }

  /// Registers an operation, to be launched when the entry has returned. TENON_E_CLOSING, TENON_E_LIMIT.
  tenon_status start(operation_ptr started, tenon_op* id);

  /// Queues an answer for after the entry.
  void queue(open_call_ptr answered) noexcept;

  void leave_plugin() noexcept;
  void launch();
  void deliver() noexcept;

 private:
  platform_shell& shell_;
  const tenon_token blocking_;
  entry_frame* outer_;
  recorded_entry recorded_;  ///< names this entry if the process dies in it
  bool current_ = true;
  std::vector<operation_table::entry> started_;
  open_call_ptr first_;
  open_call* last_ = nullptr;
};

}  // namespace tenon
