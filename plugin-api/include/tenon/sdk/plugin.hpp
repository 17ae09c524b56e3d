#pragma once

/// Everything a plugin in C++ needs. One class, one macro:
///
///     class my_platform final : public tenon::sdk::platform { ... };
///     TENON_PLUGIN(my_platform, get_products, create_media_buy)
///
/// and tenon_add_plugin() in CMake, which knows the flags and writes the manifest into the library.

#include <tenon/sdk/detail/entry.hpp>
#include <tenon/sdk/single_flight.hpp>
#include <tenon/sdk/text.hpp>

#if __has_include(<tenon/plugin_manifest.hpp>)
#include <tenon/plugin_manifest.hpp>  // written by tenon_add_plugin() from manifest.json
#endif

/// Exports Platform as the plugin of this library, once. The names are its member functions and the tasks of
/// manifest.json: all of them.
#define TENON_PLUGIN(Platform, ...)                                                                                    \
  namespace {                                                                                                          \
  constexpr ::tenon::sdk::detail::task_entry tenon_tasks[] = {TENON_SDK_EACH(TENON_SDK_TASK, Platform, __VA_ARGS__)};  \
  constexpr tenon_str tenon_task_names[] = {TENON_SDK_EACH(TENON_SDK_TASK_NAME, Platform, __VA_ARGS__)};               \
  }                                                                                                                    \
  static_assert(::tenon::sdk::detail::same_tasks(tenon_tasks, ::tenon::plugin_manifest::tasks),                        \
                "TENON_PLUGIN and \"tasks\" in manifest.json must name the same tasks");                               \
  static_assert(::tenon::sdk::detail::same_interfaces<Platform>(::tenon::plugin_manifest::interfaces),                 \
                "\"interfaces\" in manifest.json must list health/1 and handover/1 if, and only if, the platform has " \
                "check_health() and hand_over() of its own");                                                          \
  static_assert(!::tenon::plugin_manifest::concurrent,                                                                 \
                "the SDK relies on one entry at a time: \"concurrent\" in manifest.json must be false");               \
  extern "C" constinit const tenon_plugin tenon_plugin_entry =                                                         \
      ::tenon::sdk::detail::entry_points<Platform, tenon_tasks>::make(                                                 \
          ::tenon::plugin_manifest::id, ::tenon::plugin_manifest::version, tenon_task_names)

#define TENON_SDK_TASK(Platform, name) {#name, &::tenon::sdk::detail::invoke<Platform, &Platform::name>},
#define TENON_SDK_TASK_NAME(Platform, name) {#name, sizeof(#name) - 1},

// Applies a macro to each name. Rescanning is what makes a macro call itself again; 4 x 4 x 4 x 4 scans are enough for
// 256 names.
#define TENON_SDK_EACH(Macro, Platform, ...) __VA_OPT__(TENON_SDK_SCAN(TENON_SDK_STEP(Macro, Platform, __VA_ARGS__)))
#define TENON_SDK_STEP(Macro, Platform, name, ...) \
  Macro(Platform, name) __VA_OPT__(TENON_SDK_AGAIN TENON_SDK_PARENTHESES(Macro, Platform, __VA_ARGS__))
#define TENON_SDK_AGAIN() TENON_SDK_STEP
#define TENON_SDK_PARENTHESES ()
#define TENON_SDK_SCAN(...) TENON_SDK_SCAN_3(TENON_SDK_SCAN_3(TENON_SDK_SCAN_3(TENON_SDK_SCAN_3(__VA_ARGS__))))
#define TENON_SDK_SCAN_3(...) TENON_SDK_SCAN_2(TENON_SDK_SCAN_2(TENON_SDK_SCAN_2(TENON_SDK_SCAN_2(__VA_ARGS__))))
#define TENON_SDK_SCAN_2(...) TENON_SDK_SCAN_1(TENON_SDK_SCAN_1(TENON_SDK_SCAN_1(TENON_SDK_SCAN_1(__VA_ARGS__))))
#define TENON_SDK_SCAN_1(...) __VA_ARGS__
