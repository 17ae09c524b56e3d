#pragma once

#include <tenon/abi/host.h>
#include <tenon/sdk/testing/memory_store.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>

/// What the plugin sees as one platform's context. They live as long as the host, so that a late use is seen.
struct tenon_ctx {
  int depth = 0;            ///< entries into the plugin that are under way
  bool blocking = false;    ///< below a call of a task flagged so
  bool closing = false;     ///< starts nothing more
  bool destroying = false;  ///< below destroy()
  bool alive = true;
};

namespace tenon::plugin_check {

/// What a plugin can do wrong with its host.
enum class breach { twice, unknown_token, foreign_thread, no_entry, in_destroy, destroyed, count };

/// What became of a token.
struct answer {
  const tenon_ctx* owner = nullptr;
  int times = 0;
  bool by_host = false;  ///< the platform went away first
  tenon_status status = TENON_OK;
  std::string code;
  std::string body;
  std::string malformed;  ///< what is wrong with the reply itself, or nothing
};

/// A host that keeps every promise of host.h and writes down what the plugin does. All HTTP is answered with one
/// response; signatures and secrets are made up; the store is memory, of all platforms together; turns are there at
/// once; the clock jumps to whatever is waited for next.
///
/// Lifetime    One at a time. Threads     The one that made it; calls from others are counted and refused.
class checking_host {
 public:
  /// How it differs from the host that the plugin was built for.
  struct shape {
    std::uint32_t more_bytes = 0;  ///< its table is longer
    std::uint32_t minor = TENON_ABI_MINOR;
    std::set<std::string, std::less<>> missing;  ///< services that it does not have
  };

  using store_outcome = sdk::testing::memory_store::outcome;

  explicit checking_host(std::string upstream_body);
  checking_host(std::string upstream_body, shape differs);
  checking_host(const checking_host&) = delete;
  checking_host& operator=(const checking_host&) = delete;
  ~checking_host();

  const tenon_host& table() const noexcept { return table_.front(); }
  tenon_ctx* add_platform();
  tenon_token add_token(const tenon_ctx* owner);

  /// Runs code of the plugin as an entry of a platform.
  template <class Entry>
  auto enter(tenon_ctx* ctx, Entry entry) {
    const frame inside(*ctx);
    return entry();
  }

  /// Completes the platform's operations as they fall due, until the token is answered or nothing is open.
  void run(tenon_ctx* ctx, tenon_token token);
  /// The same, but only what was cancelled or began after this call, and the clock stands still.
  void run_without_waiting(tenon_ctx* ctx, tenon_token token);
  /// Answers what is open, completes operations with TENON_E_CLOSING and starts nothing more.
  void close(tenon_ctx* ctx);

  /// Forgets platforms that were destroyed, and their tokens: a late use of them counts as below no entry.
  void forget_destroyed();

  bool waits(const tenon_ctx* ctx) const;
  const answer& answer_to(tenon_token token) const { return answers_.at(token); }
  bool answered(tenon_token token) const { return answer_to(token).times > 0; }
  std::uint64_t breaches(breach what) const noexcept { return breaches_[static_cast<std::size_t>(what)]; }

  // The services, by the names of host.h.
  tenon_status complete(tenon_ctx* ctx, tenon_token token, const tenon_reply* reply);
  void cancel(tenon_ctx* ctx, tenon_op op);
  const void* find_service(std::string_view name) const;
  std::uint64_t steady_ns() const noexcept;
  tenon_status start_timer(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user, tenon_op* op);
  tenon_status start_http(tenon_ctx* ctx, tenon_http_fn done, void* user, tenon_op* op);
  tenon_status start_sign(tenon_ctx* ctx, tenon_bytes_fn done, void* user, tenon_op* op);
  tenon_status start_turn(tenon_ctx* ctx, tenon_turn_fn done, void* user, tenon_op* op);
  tenon_status start_store(tenon_ctx* ctx, store_outcome outcome, tenon_store_fn done, void* user, tenon_op* op);
  sdk::testing::memory_store& store() noexcept { return store_; }
  tenon_status submit(tenon_ctx* ctx, tenon_token token, const tenon_submission* submission);
  tenon_status wait_http(tenon_ctx* ctx, tenon_http_fn done, void* user);
  /// Whether a service may be used now; counts a breach if not.
  bool admits(const tenon_ctx* ctx);

 private:
  /// One operation of a service: one of the functions is set.
  struct operation {
    tenon_ctx* owner = nullptr;
    std::uint64_t due_ns = 0;
    tenon_status status = TENON_OK;
    void* user = nullptr;
    tenon_timer_fn timer = nullptr;
    tenon_http_fn http = nullptr;
    tenon_bytes_fn bytes = nullptr;
    tenon_turn_fn turn = nullptr;
    tenon_store_fn store = nullptr;
    store_outcome outcome = store_outcome(TENON_OK);  ///< of the store
  };
  using operations = std::map<tenon_op, operation>;

  struct frame {
    explicit frame(tenon_ctx& entered) : ctx(entered) { ++ctx.depth; }
    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;
    ~frame() { --ctx.depth; }
    tenon_ctx& ctx;
  };

  bool count(breach what);
  bool knows(const tenon_ctx* ctx) const;
  tenon_status start(tenon_ctx* ctx, operation what, tenon_op* op);
  operations::iterator next_of(const tenon_ctx* ctx);
  void finish(operations::iterator at);
  void respond(tenon_http_fn done, void* user, tenon_op op, tenon_status status);

  const std::thread::id own_thread_ = std::this_thread::get_id();
  const std::string upstream_body_;
  const shape shape_;
  std::array<tenon_host, 4> table_{};  // the first is the table; room behind it for a longer one
  std::list<tenon_ctx> platforms_;
  std::map<tenon_token, answer> answers_;
  operations open_;
  sdk::testing::memory_store store_;
  tenon_op next_op_ = 1;
  tenon_token next_token_ = 1;
  std::uint64_t skipped_ns_ = 0;  ///< how far our clock is ahead of the machine's
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(breach::count)> breaches_{};
};

}  // namespace tenon::plugin_check
