#pragma once

#include "plugin/image.hpp"
#include "plugin/interfaces.hpp"

#include <tenon/abi/plugin.h>
#include <tenon/status.hpp>
#include <tenon/unique_function.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace tenon {

/// One loaded generation of a plugin's code: mapped, handshaken and initialised while any reference to it lives. The
/// last reference to go only signals; the loader thread de-initialises, unmaps and proves it.
///
/// Threads     Any.
class library {
 public:
  library() = default;
  library(const library&) = delete;
  library& operator=(const library&) = delete;
  virtual ~library() = default;

  virtual const plugin_image& image() const noexcept = 0;
  virtual const tenon_plugin& entry() const noexcept = 0;
  virtual plugin_interfaces interfaces() const noexcept { return {}; }

  /// The first platform's create() has come back: if the process ends from here on, these bytes are not blamed for it.
  virtual void survived_create() noexcept {}
};

using library_handler = unique_function<void(result<std::shared_ptr<library>>)>;

/// What loading cost, for the benchmark.
struct load_timing {
  std::chrono::nanoseconds map{};        ///< dlopen
  std::chrono::nanoseconds handshake{};  ///< entry checks and init()
};

/// Loads and unloads libraries, all on one thread of its own.
///
/// One image is loaded once, however many platforms are built from it, and once more for each tenant that wants it for
/// itself. Right before, its stored copy is held against what was checked: one that was changed since is written anew
/// from what still has those bytes, or else refused. RTLD_NOW | RTLD_LOCAL through Boost.DLL; after the load link_map
/// must show the stored path, and the entry must agree with the note; otherwise the library is closed again and
/// refused. While bytes run for the first time in this process, up to the return of the first create(), a mark in the
/// store says so: should they end the process, the next one refuses them (loading_mark.hpp).
///
/// TENON_KEEP_MAPPED=1 in the environment keeps closed libraries mapped after deinit(), so that LeakSanitizer can
/// name what they leaked.
///
/// Lifetime    stop() first: what is still loaded then is reported, not torn down. A library may outlive the loader,
/// and then stays mapped. Threads     Any, concurrently.
class loader {
 public:
  /// `host` is what plugins get in init(): a table of functions that outlives the loader.
  static std::shared_ptr<loader> make(const tenon_host& host, std::shared_ptr<spdlog::logger> logger);
  virtual ~loader() = default;

  /// `isolated_for`: a tenant that gets a mapping of its own, with variables of its own; empty: shared. `done` is
  /// called on the loader thread; at once on this one if the library is loaded already, or with SERVICE_UNAVAILABLE
  /// after stop(). Errors (CONFIGURATION_ERROR): the dynamic loader's, an entry that differs from the note, init()
  /// refuses.
  virtual void load(std::shared_ptr<const plugin_image> image, std::string isolated_for, library_handler done) = 0;
  void load(std::shared_ptr<const plugin_image> image, library_handler done) {
    load(std::move(image), {}, std::move(done));
  }

  /// Runs `work` on the loader thread: destroy() of platforms happens there. False: the thread has ended, and the work
  /// is dropped.
  virtual bool post(unique_function<void()> work) = 0;

  /// Keeps a library mapped for good and shows it as a zombie: a thread is stuck in its code.
  virtual void strand(std::shared_ptr<library> stuck, std::string reason) = 0;

  /// Live libraries and zombies.
  virtual std::vector<library_status> status() const = 0;
  virtual std::uint64_t closed() const noexcept = 0;
  virtual load_timing last_timing() const noexcept = 0;

  /// Whether some thread was given up in a library's code: nobody may wait for it.
  virtual bool any_stranded() const = 0;

  /// Asks for the end: what was posted runs, what is unreferenced closes, then `ended` is called on the loader thread
  /// as its last work; at once if the thread has ended. Code of a plugin that does not return delays it for ever: the
  /// caller bounds its wait.
  virtual void request_stop(unique_function<void()> ended) = 0;

  /// request_stop(), waits without bound, and says what stayed. Idempotent; on the loader thread itself it only asks.
  virtual std::vector<library_status> stop() = 0;
};

}  // namespace tenon
