#pragma once

#include <tenon/abi/host.h>

#include <array>
#include <cstdint>
#include <map>

/// What the plugin sees as its platform. There is one.
struct tenon_ctx {};

namespace tenon::canary {

/// A host that keeps every promise of host.h and has nothing to give: HTTP fails before a byte is sent, there are no
/// secrets and no store, the log is thrown away. Its clock jumps to whatever is waited for next, so that no timer takes
/// time.
///
/// Lifetime    One at a time; table() is valid while it lives. Threads     The one that made it.
class fake_host {
 public:
  static constexpr tenon_token ready = (tenon_token{1} << 32) | 1;

  fake_host();
  fake_host(const fake_host&) = delete;
  fake_host& operator=(const fake_host&) = delete;
  ~fake_host();

  const tenon_host& table() const noexcept;
  tenon_ctx* context() noexcept { return &context_; }

  /// Runs code of the plugin as an entry: services answer below it.
  template <class Entry>
  auto enter(Entry entry) {
    const frame inside(*this);
    return entry();
  }

  /// Completes what is open, in the order in which it is due, until the token is answered or nothing is left.
  void run();

  /// Completes what is open with TENON_E_CLOSING, and starts nothing more.
  void close();

  bool answered() const noexcept { return answered_; }

  // The services, by the names of host.h.
  tenon_status complete(tenon_ctx* ctx, tenon_token token);
  void cancel(tenon_ctx* ctx, tenon_op op);
  tenon_status start_timer(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user, tenon_op* op);
  tenon_status start_http(tenon_ctx* ctx, tenon_http_fn done, void* user, tenon_op* op);
  tenon_status start_sign(tenon_ctx* ctx, tenon_bytes_fn done, void* user, tenon_op* op);
  tenon_status start_turn(tenon_ctx* ctx, tenon_turn_fn done, void* user, tenon_op* op);
  tenon_status start_store(tenon_ctx* ctx, tenon_store_fn done, void* user, tenon_op* op);
  std::uint64_t skipped_ns() const noexcept { return skipped_ns_; }
  bool below_entry(const tenon_ctx* ctx) const noexcept { return ctx == &context_ && depth_ > 0; }

 private:
  /// One operation of a service: one of the functions is set.
  struct operation {
    std::uint64_t due_ns = 0;
    tenon_status status = TENON_OK;
    void* user = nullptr;
    tenon_timer_fn timer = nullptr;
    tenon_http_fn http = nullptr;
    tenon_bytes_fn bytes = nullptr;
    tenon_turn_fn turn = nullptr;
    tenon_store_fn store = nullptr;
  };

  struct frame {
    explicit frame(fake_host& of) : host(of) { ++host.depth_; }
    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;
    ~frame() { --host.depth_; }
    fake_host& host;
  };

  tenon_status start(tenon_ctx* ctx, operation what, tenon_op* op);
  void finish(std::map<tenon_op, operation>::iterator at);

  tenon_ctx context_;
  std::map<tenon_op, operation> open_;
  tenon_op next_op_ = 1;
  std::uint64_t skipped_ns_ = 0;  ///< how far our clock is ahead of the machine's
  int depth_ = 0;
  bool answered_ = false;
  bool closing_ = false;
};

}  // namespace tenon::canary
