#pragma once

#include "fixtures.hpp"

#include "plugin/library.hpp"
#include "plugin/mapping.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <future>

namespace tenon::testing {

/// What the fixtures tell about their lives, in this process. Reset by each world.
inline std::atomic<int> inits{0};
inline std::atomic<int> deinits{0};

/// Stands for any service: plugins look for theirs in init(), and none is called here.
inline constexpr void* uncalled_service[8] = {};

inline const void* hear(tenon_str name) noexcept {
  const std::string_view what(name.ptr, name.len);
  if (what == "fixture/init") ++inits;
  if (what == "fixture/deinit") {
    ++deinits;
    deinits.notify_all();
  }
  return &uncalled_service;
}

inline tenon_status complete_nothing(tenon_ctx*, tenon_token, const tenon_reply*) noexcept { return TENON_E_INVALID; }
inline void cancel_nothing(tenon_ctx*, tenon_op) noexcept {}

inline constexpr tenon_host host_table{sizeof(tenon_host), TENON_ABI_MAJOR, TENON_ABI_MINOR, 0, complete_nothing, hear,
                                       cancel_nothing};

/// A store, a loader and its log thrown away.
class loading_world {
 public:
  loading_world() {
    inits = 0;
    deinits = 0;
  }

  /// Puts a fixture where the store would, past the gate: the loader copes with what the gate would have refused.
  std::shared_ptr<const plugin_image> image(const std::string& fixture_name) {
    const auto file = fixture(fixture_name);
    auto made = std::make_shared<plugin_image>();
    made->name = file.name;
    made->source = file.source;
    made->stored = place / "store" / (file.name + "-" + file.content_hash.substr(0, 16) + ".so");
    made->content_hash = file.content_hash;
    made->size = file.bytes.size();
    made->manifest = read_manifest(file.bytes).value();
    if (!std::filesystem::exists(made->stored)) std::filesystem::copy_file(file.source, made->stored);
    return made;
  }

  result<std::shared_ptr<library>> load(std::shared_ptr<const plugin_image> image) {
    std::promise<result<std::shared_ptr<library>>> promise;
    auto future = promise.get_future();
    code->load(std::move(image),
               [&](result<std::shared_ptr<library>> loaded) { promise.set_value(std::move(loaded)); });
    return future.get();
  }

  std::shared_ptr<library> load_good(const std::string& fixture_name = "good") {
    auto loaded = load(image(fixture_name));
    if (!loaded) FAIL(loaded.error().operator_detail);
    return std::move(*loaded);
  }

  /// Until everything that was queued on the loader thread so far has run.
  void settle() {
    std::promise<void> promise;
    code->post([&] { promise.set_value(); });
    promise.get_future().get();
  }

  scratch_directory place;
  std::shared_ptr<plugin_store> store = *plugin_store::open(place / "store");
  std::shared_ptr<loader> code = loader::make(
      host_table, std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>()));
};

/// The version that was compiled into the code, asked from the code.
inline std::string version_of(const library& loaded) {
  return static_cast<const char*>(loaded.entry().get_interface(tenon_str{"version/1", 9}));
}

}  // namespace tenon::testing
