#pragma once

#include <tenon/abi/plugin.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::testing {

struct script;

}  // namespace tenon::testing

/// The plugin side of one platform of the scripted plugin.
struct tenon_instance {
  tenon_ctx* ctx = nullptr;
  tenon::testing::script* plugin = nullptr;
};

namespace tenon::testing {

inline tenon_str text(std::string_view from) { return {from.data(), from.size()}; }
inline std::string_view view(tenon_str from) {
  return from.ptr == nullptr ? std::string_view() : std::string_view(from.ptr, from.len);
}

/// A plugin inside the test: each of its functions is what the test says. One script at a time is the one that
/// platforms are created from.
struct script {
  using task = std::function<tenon_status(tenon_instance&, tenon_token, const tenon_call&)>;

  std::function<tenon_status(tenon_instance&, tenon_token, const tenon_create&)> on_create;
  bool null_instance = false;
  std::map<std::string, task> tasks;
  std::function<void(tenon_instance&, tenon_token)> on_cancel;
  std::function<void(tenon_instance&)> on_destroy;
  std::function<tenon_status(tenon_instance&, tenon_token)> on_check;  ///< with it the plugin has health/1
  std::function<tenon_status(tenon_instance&, tenon_token)> on_give;   ///< with it the plugin has handover/1

  std::atomic<int> live{0};
  std::atomic<int> inside{0};
  std::atomic<int> most_inside{0};

  script() { current = this; }
  ~script() { current = nullptr; }
  script(const script&) = delete;
  script& operator=(const script&) = delete;

  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(what));
  }
  std::vector<std::string> notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

  static inline script* current = nullptr;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> notes_;
};

/// Counts how many entries are inside at once.
class inside_scope {
 public:
  explicit inside_scope(script& of) : of_(of) {
    const int now = ++of_.inside;
    int most = of_.most_inside.load();
    while (now > most && !of_.most_inside.compare_exchange_weak(most, now)) {
    }
  }
  inside_scope(const inside_scope&) = delete;
  inside_scope& operator=(const inside_scope&) = delete;
  ~inside_scope() { --of_.inside; }

 private:
  script& of_;
};

/// The host's table and services, as a plugin's init() would fetch them.
inline const tenon_host* host_given = nullptr;

template <class Table>
const Table& service(const char* name) {
  return *static_cast<const Table*>(host_given->get_service(text(name)));
}
inline const tenon_timer_1& timers() { return service<tenon_timer_1>("timer/1"); }
inline const tenon_http_1& http() { return service<tenon_http_1>("http/1"); }
inline const tenon_crypto_1& crypto() { return service<tenon_crypto_1>("crypto/1"); }
inline const tenon_secret_1& secrets() { return service<tenon_secret_1>("secret/1"); }
inline const tenon_limiter_1& limiter() { return service<tenon_limiter_1>("limiter/1"); }
inline const tenon_store_1& stored() { return service<tenon_store_1>("store/1"); }
inline const tenon_task_1& tasks() { return service<tenon_task_1>("task/1"); }
inline const tenon_clock_1& clocks() { return service<tenon_clock_1>("clock/1"); }
inline const tenon_log_1& logs() { return service<tenon_log_1>("log/1"); }

inline tenon_status complete(const tenon_instance& at, tenon_token token, std::string_view body) {
  tenon_reply answer{};
  answer.struct_size = sizeof answer;
  answer.body = text(body);
  return host_given->complete(at.ctx, token, &answer);
}

inline tenon_status fail(const tenon_instance& at, tenon_token token, tenon_status status,
                         std::string_view message = {}) {
  tenon_reply answer{};
  answer.struct_size = sizeof answer;
  answer.status = status;
  answer.message = text(message);
  return host_given->complete(at.ctx, token, &answer);
}

inline tenon_status scripted_create(tenon_ctx* ctx, const tenon_create* arguments, tenon_token ready,
                                    tenon_instance** out) noexcept {
  auto& plugin = *script::current;
  const inside_scope scope(plugin);
  auto* const made = new tenon_instance{ctx, &plugin};
  const auto status = plugin.on_create ? plugin.on_create(*made, ready, *arguments) : complete(*made, ready, {});
  if (status != TENON_OK || plugin.null_instance) {
    delete made;
    return status;
  }
  ++plugin.live;
  *out = made;
  return TENON_OK;
}

inline tenon_status scripted_call(tenon_instance* at, tenon_token token, const tenon_call* call) noexcept {
  const inside_scope scope(*at->plugin);
  return at->plugin->tasks.at(std::string(view(call->task)))(*at, token, *call);
}

inline void scripted_cancel(tenon_instance* at, tenon_token token) noexcept {
  const inside_scope scope(*at->plugin);
  if (at->plugin->on_cancel) at->plugin->on_cancel(*at, token);
}

inline tenon_status scripted_check(tenon_instance* at, tenon_token token) noexcept {
  const inside_scope scope(*at->plugin);
  return at->plugin->on_check(*at, token);
}

inline tenon_status scripted_give(tenon_instance* at, tenon_token token) noexcept {
  const inside_scope scope(*at->plugin);
  return at->plugin->on_give(*at, token);
}

inline constexpr tenon_health_1 scripted_health{&scripted_check};
inline constexpr tenon_handover_1 scripted_handover{&scripted_give};

inline void scripted_destroy(tenon_instance* at) noexcept {
  auto& plugin = *at->plugin;
  const inside_scope scope(plugin);
  if (plugin.on_destroy) plugin.on_destroy(*at);
  plugin.note("destroy");
  --plugin.live;
  delete at;
}

inline constexpr tenon_plugin scripted_entry = {.magic = TENON_ENTRY_MAGIC,
                                                .struct_size = sizeof(tenon_plugin),
                                                .abi_major = TENON_ABI_MAJOR,
                                                .abi_minor = TENON_ABI_MINOR,
                                                .reserved = 0,
                                                .id = {},
                                                .version = {},
                                                .tasks = nullptr,
                                                .task_count = 0,
                                                .init = nullptr,
                                                .deinit = nullptr,
                                                .create = &scripted_create,
                                                .call = &scripted_call,
                                                .cancel = &scripted_cancel,
                                                .destroy = &scripted_destroy,
                                                .get_interface = nullptr};

}  // namespace tenon::testing
