#pragma once

#include "base/gate.hpp"
#include "platform/blocking_waits.hpp"
#include "platform/entry_frame.hpp"
#include "platform/http_mapping.hpp"
#include "platform/operation.hpp"
#include "platform/plugin_platform.hpp"
#include "platform/secret_reader.hpp"
#include "platform/token_table.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

/// What a plugin holds as `tenon_ctx*`: an identity. The host finds the platform by the frame on its thread, never
/// through this pointer, so a stale one is refused and not followed.
struct tenon_ctx {};

namespace tenon {

class tenant_store;

/// Always this type, never erased: a strand in an any_io_executor is counted with fences, which ThreadSanitizer does
/// not follow.
using platform_strand = boost::asio::strand<boost::asio::any_io_executor>;

/// The host side of one platform: everything between the C++ interface and the plugin's functions.
///
/// Pin and lease. An open token is the lease: it may be settled by any completion. The pin is the entry gate: a count
/// that is held by the host's frame around every entry and given back only after plugin code has returned. No answer
/// ever ends a pin.
///
/// Serial. Every entry runs on one strand (over the blocking pool if any task blocks), unless the manifest says
/// "concurrent".
///
/// Lifetime    Shared by the handle, every queued piece of work, and the retirement. After destroy() nothing of the
///             plugin is held, so a late answer finds an empty shell. If the last reference goes without a retirement
///             (the executor was destroyed), the instance is still destroyed on the loader thread.
/// Threads     Any, unless a function says otherwise.
class platform_shell : public std::enable_shared_from_this<platform_shell> {
 public:
  /// The instance does not exist yet: create() makes it.
  static result<std::shared_ptr<platform_shell>> make(std::shared_ptr<const platform_environment> environment,
                                                      platform_recipe recipe, std::shared_ptr<library> code);
  platform_shell(const platform_shell&) = delete;
  platform_shell& operator=(const platform_shell&) = delete;

  // The C++ side.
  void create(reply_handler ready);
  bool created() const noexcept { return instance_.load() != nullptr; }
  void start(call_request request, reply_handler done);

  /// The plugin's optional interfaces, which it must have: whether the platform is well; what it leaves to the next.
  void check_health(reply_handler done);
  void hand_over(inheritance_handler done);
  platform_counters counters() const;
  const plugin_image& image() const noexcept { return *recipe_.image; }
  const std::string& tenant() const noexcept { return recipe_.tenant; }
  const platform_environment& environment() const noexcept { return *environment_; }

  const entry_label& label() const noexcept { return label_; }

  // For services, below a frame of this platform.
  const tenon_ctx* context() const noexcept { return &context_; }
  bool closing() const noexcept { return closing_.load(); }
  tenon_status complete(entry_frame& frame, tenon_token token, const tenon_reply& answer);
  tenon_status submit(entry_frame& frame, tenon_token token, task_submission what);
  operation_table& operations() noexcept { return operations_; }
  blocking_waits& waits() noexcept { return waits_; }
  bool wanted(tenon_token call) const noexcept { return tokens_.find_state(call) == token_state::open; }
  std::shared_ptr<const secret_reader> secrets() const noexcept { return secrets_; }
  const http_policy& policy() const noexcept { return policy_; }

  /// The tenant's store, open from its first use to the platform's end. May wait for the disk. One that fails is let
  /// go, so that the next use finds what an operator has put right.
  result<std::shared_ptr<tenant_store>> store();
  void let_store_go();

  // For operations: the result of `id` is there.
  void post_delivery(tenon_op id);

  /// The caller of `token` wants its end: asks the plugin, answers after retire_hard if it does not.
  void ask_to_stop(tenon_token token) noexcept;

  // The steps of a retirement, in order.
  const platform_strand& control() const noexcept { return *control_; }
  bool watch_calls(unique_function<void()> drained);  ///< true: no call is open
  void cancel_everything();
  void answer_everything();
  void close_gate(
      unique_function<void()> empty);  ///< `empty` runs once nobody is inside, here or where the last one leaves
  std::shared_ptr<library> code() const noexcept { return library_; }  ///< null after destroy()
  std::string last_entry() const;                                      ///< for a report: what is inside, how long
  void destroy_on_loader(platform_ticket ticket);
  void leave_executor() noexcept;  ///< a thread is stuck inside, and may come back when the executor is gone

  /// While it is held the executor is not left: makes one step of looking whether it may be used, and of using it. Who
  /// stays may stay again: an operation may be over before its launch is.
  [[nodiscard]] std::unique_lock<std::recursive_mutex> stay() { return std::unique_lock(leaving_); }

 private:
  struct last_reference;

  platform_shell(std::shared_ptr<const platform_environment> environment, platform_recipe recipe,
                 std::shared_ptr<library> code);

  template <class Work>
  void post_entry(Work work);
  template <class Body>
  bool enter(const char* what, tenon_token blocking, Body body);
  void run_create(tenon_token ready);
  void run_call(tenon_token token, const manifest_task& task, const call_request& request);
  tenon_token open_token(open_call::kind what, steady_time deadline, reply_handler done);
  void ask(open_call::kind what, steady_time deadline, reply_handler done);
  void run_question(tenon_token token, open_call::kind what);
  void cancel_call(tenon_token token);
  void refuse(entry_frame& frame, tenon_token token, error why);
  void answer(token_table::claimed claimed, error why);
  void settle(tenon_token token, error why);
  void arm_sweep();
  void sweep();
  void destroy() noexcept;
  void forget_executor() noexcept;

  const std::shared_ptr<const platform_environment> environment_;
  platform_recipe recipe_;
  const entry_label label_;
  tenon_ctx context_;
  std::shared_ptr<library> library_;
  std::shared_ptr<const secret_reader> secrets_;
  http_policy policy_;
  std::mutex storing_;  ///< held while the store is opened
  std::shared_ptr<tenant_store> store_;

  std::recursive_mutex leaving_;            ///< of the executor
  std::optional<platform_strand> serial_;   ///< of every entry; none: concurrent
  std::optional<platform_strand> control_;  ///< deadlines and retirement
  std::optional<boost::asio::steady_timer> deadlines_;

  token_table tokens_;
  operation_table operations_;
  blocking_waits waits_;
  gate gate_;
  /// What an entry that has not returned is: a task, create, cancel; and since when, in nanoseconds.
  std::atomic<const char*> entered_ = nullptr;
  std::atomic<std::int64_t> entered_at_ = 0;
  std::atomic<bool> closing_ = false;
  std::atomic<tenon_instance*> instance_ = nullptr;
  std::atomic<std::uint64_t> late_completions_ = 0;
  unique_function<void()> drained_;  ///< set before tokens_ is watched, called only after
  bool destroyed_ = false;           ///< loader thread, or the last reference
  bool abandoned_ = false;           ///< the last reference
};

}  // namespace tenon
