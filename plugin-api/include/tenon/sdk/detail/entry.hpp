#pragma once

#include <tenon/sdk/detail/instance.hpp>

#include <algorithm>
#include <array>
#include <new>
#include <type_traits>

namespace tenon::sdk::detail {

/// A task function that is no coroutine, as a task.
template <class Platform, auto Function>
task<json::value> at_once(Platform& on, json::value request, call_context call) {
  co_return (on.*Function)(std::move(request), std::move(call));
}

/// Starts a task function of Platform.
template <class Platform, auto Function>
task<json::value> invoke(platform& on, json::value request, call_context call) {
  using result = decltype((static_cast<Platform&>(on).*Function)(std::move(request), std::move(call)));
  auto& target = static_cast<Platform&>(on);
  if constexpr (std::is_same_v<result, json::value>) {
    return at_once<Platform, Function>(target, std::move(request), std::move(call));
  } else {
    return (target.*Function)(std::move(request), std::move(call));
  }
}

/// Whether the two lists name the same tasks, each once.
constexpr bool same_tasks(std::span<const task_entry> dispatched, std::span<const std::string_view> listed) {
  if (dispatched.size() != listed.size()) return false;
  return std::all_of(dispatched.begin(), dispatched.end(), [&](const task_entry& entry) {
    return std::count(listed.begin(), listed.end(), entry.name) == 1;
  });
}

/// Whether Platform has one of the optional functions of its own.
template <class Platform>
constexpr bool checks_health = !std::is_same_v<decltype(&Platform::check_health), decltype(&platform::check_health)>;
template <class Platform>
constexpr bool hands_over = !std::is_same_v<decltype(&Platform::hand_over), decltype(&platform::hand_over)>;

/// Whether the manifest lists the interfaces that Platform has, and no other of ours.
template <class Platform>
constexpr bool same_interfaces(std::span<const std::string_view> listed) {
  const auto lists = [listed](std::string_view name) {
    return std::find(listed.begin(), listed.end(), name) != listed.end();
  };
  return lists("health/1") == checks_health<Platform> && lists("handover/1") == hands_over<Platform>;
}

/// The functions of tenon_plugin for one platform class. Every one is noexcept and lets nothing out.
template <class Platform, const auto& Tasks>
class entry_points {
 public:
  template <std::size_t Count>
  static constexpr tenon_plugin make(std::string_view id, std::string_view version, const tenon_str (&tasks)[Count]) {
    return tenon_plugin{TENON_ENTRY_MAGIC,
                        sizeof(tenon_plugin),
                        TENON_ABI_MAJOR,
                        TENON_ABI_MINOR,
                        0,
                        {id.data(), id.size()},
                        {version.data(), version.size()},
                        tasks,
                        Count,
                        &init,
                        &deinit,
                        &create,
                        &call,
                        &cancel,
                        &destroy,
                        &get_interface};
  }

 private:
  static tenon_status init(const tenon_host* host) noexcept {
    if (host->struct_size < sizeof(tenon_host)) return TENON_E_UNSUPPORTED;
    tables_ = service_tables(*host);
    return TENON_OK;
  }

  static void deinit() noexcept { tables_ = service_tables(); }

  static tenon_status create(tenon_ctx* ctx, const tenon_create* arguments, tenon_token ready,
                             tenon_instance** out) noexcept {
    if (arguments->struct_size < sizeof(tenon_create)) return TENON_E_UNSUPPORTED;
    auto* made = new (std::nothrow) instance(host_link(tables_, ctx), Tasks);
    if (made == nullptr) return TENON_E_LIMIT;
    *out = reinterpret_cast<tenon_instance*>(made);
    made->open(&make_platform, *arguments, ready);
    return TENON_OK;
  }

  static tenon_status call(tenon_instance* on, tenon_token token, const tenon_call* arguments) noexcept {
    if (arguments->struct_size < sizeof(tenon_call)) return TENON_E_UNSUPPORTED;
    return of(on).call(token, *arguments);
  }

  static void cancel(tenon_instance* on, tenon_token token) noexcept { of(on).cancel(token); }
  static void destroy(tenon_instance* on) noexcept { delete &of(on); }
  static tenon_status check_health(tenon_instance* on, tenon_token token) noexcept {
    return of(on).check_health(token);
  }
  static tenon_status hand_over(tenon_instance* on, tenon_token token) noexcept { return of(on).hand_over(token); }
  static const void* get_interface(tenon_str name_revision) noexcept {
    const std::string_view name = from_abi(name_revision);
    if (checks_health<Platform> && name == "health/1") return &health_;
    if (hands_over<Platform> && name == "handover/1") return &handover_;
    return nullptr;
  }

  static instance& of(tenon_instance* on) noexcept { return *reinterpret_cast<instance*>(on); }
  static std::unique_ptr<platform> make_platform(platform_context context) {
    return std::make_unique<Platform>(std::move(context));
  }

  static inline constinit service_tables tables_{};
  static constexpr tenon_health_1 health_{&check_health};
  static constexpr tenon_handover_1 handover_{&hand_over};
};

}  // namespace tenon::sdk::detail
