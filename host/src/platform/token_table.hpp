#pragma once

#include <tenon/abi/types.h>
#include <tenon/call.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace tenon {

class platform_shell;

/// What a caller's stop request does to an open call. The shell outlives the call's record, which owns the callback.
struct stop_signal {
  platform_shell* shell;
  tenon_token token;
  void operator()() const noexcept;
};

/// One token that is not answered yet: a call, or the create() of the platform itself.
struct open_call {
  enum class kind : std::uint8_t { call, create, health };  ///< only the first is answered with a body

  reply_handler done;
  steady_time deadline = steady_time::max();
  kind what = kind::call;
  bool may_submit = false;  ///< it may end as a task that is gone on with later
  bool stopped = false;     ///< the caller asked for the end: the answer at the deadline says so
  std::optional<std::stop_callback<stop_signal>> on_stop = {};

  // Between the claim and the delivery, in the list of the frame that delivers.
  std::optional<result<reply>> outcome = {};
  std::unique_ptr<open_call> next = {};
};

using open_call_ptr = std::unique_ptr<open_call>;

enum class token_state : std::uint8_t { gone, open, stopped };

/// The open tokens of one platform.
///
/// A token is a slot and its generation, so a stale one is recognised and never followed. Whoever claims a token owns
/// its record: that is what "the first completion wins" means. Records are destroyed outside the lock, because a stop
/// callback may be running in them.
///
/// Threads     Any, concurrently.
/// Cost        One uncontended mutex an operation; no allocation once the slots are there.
class token_table {
 public:
  static constexpr std::size_t capacity = 0xffff;

  /// A token that is not open yet, or 0 if all slots are taken.
  tenon_token reserve();

  /// Opens a reserved token. True: its deadline is the earliest of all, so the sweep must be armed anew.
  bool open(tenon_token token, open_call_ptr call);

  struct claimed {
    open_call_ptr call;    ///< null: not open (any more)
    bool drained = false;  ///< it was the last one, and somebody watches for that
  };
  claimed claim(tenon_token token) noexcept;
  token_state find_state(tenon_token token) const noexcept;
  bool may_submit(tenon_token token) const noexcept;  ///< and is open

  /// The caller no longer wants the answer: brings the deadline forward. True: the sweep must be armed anew. Nothing if
  /// it is not open.
  struct stopped {
    bool was_open = false;
    bool arm = false;
  };
  stopped stop(tenon_token token, steady_time deadline) noexcept;

  struct swept {
    std::vector<std::pair<tenon_token, open_call_ptr>> expired;
    bool drained = false;
    steady_time next = steady_time::max();  ///< when to sweep again; max: not until open() or stop() ask for it
  };
  /// Claims all tokens whose deadline is not after `until`, and notes when to look again.
  swept sweep(steady_time until);

  std::vector<tenon_token> open_tokens() const;
  std::size_t size() const noexcept;

  /// From now on the claim that empties the table reports `drained`. True: it is empty already.
  bool watch_empty() noexcept;

 private:
  struct slot {
    std::uint64_t generation = 1;
    open_call_ptr call;
  };

  slot* find(tenon_token token) noexcept;
  const slot* find(tenon_token token) const noexcept;
  open_call_ptr release(std::size_t index) noexcept;

  mutable std::mutex mutex_;
  std::vector<slot> slots_;
  std::vector<std::uint16_t> free_;
  std::size_t used_ = 0;
  bool watched_ = false;
  steady_time next_sweep_ = steady_time::max();
};

}  // namespace tenon
