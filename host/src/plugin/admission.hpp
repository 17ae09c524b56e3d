#pragma once

#include "catalog/catalog.hpp"
#include "plugin/canary.hpp"
#include "plugin/image.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace tenon {

/// What admitting one file cost, for the benchmark.
struct admission_timing {
  std::chrono::nanoseconds read{};  ///< open, read and hash
  std::chrono::nanoseconds pin{};   ///< hash or signature
  std::chrono::nanoseconds gate{};
  std::chrono::nanoseconds store{};   ///< the private copy
  std::chrono::nanoseconds canary{};  ///< the child, or the look-up of what it found before
  bool remembered = false;            ///< no child was needed
  canary_report report;               ///< times of the child, if there was one
};

/// The way of a plugin file from an operator's directory to an image that may be loaded: opened and read once, held
/// against its pins, checked by the gate, copied into the store, and run by the canary from that copy. Whatever is
/// mapped later has gone this way, and is the bytes that went it.
///
/// What the canary found is remembered by content, refusals too, here and beside the stored copy: the same bytes cost
/// one child, however often and by how many threads they are admitted, in this process or the next. A refusal that was
/// about time alone is remembered here only, so that a restart on a quieter machine tries again.
///
/// Threads     Any, concurrently; blocks on files and children, at most two of them at a time. Holds no lock meanwhile.
class admission {
 public:
  /// `canary` is the program that the embedder ships; empty: the one beside this program, or where it is installed. The
  /// configuration goes before it. `limits.resident` is the policy's, whatever it is here.
  static std::shared_ptr<admission> make(std::shared_ptr<plugin_store> store, std::filesystem::path canary,
                                         std::shared_ptr<spdlog::logger> logger, canary_limits limits = {});
  virtual ~admission() = default;

  /// Admits `name`.so out of the configuration's plugin directories under its policy. Errors (CONFIGURATION_ERROR):
  /// those of open_candidate(), check_pin(), check_candidate() and plugin_store::put(), the bytes ended the process
  /// that ran them last (died_loading()), the canary's refusal, no canary.
  virtual result<std::shared_ptr<const plugin_image>> admit(const catalog& tenants, const std::string& name) = 0;

  /// Of the file that was admitted last.
  virtual admission_timing last_timing() const = 0;

  /// How many children were run.
  virtual std::uint64_t canaries() const noexcept = 0;
};

/// Where the canary program is looked for: `configured` alone if it is not empty, then `embedded` likewise, else beside
/// the running program, in ../libexec/tenon of it, and where this host was to be installed. The first that can be
/// executed. Errors: none can; the message names them.
result<std::filesystem::path> find_canary(const std::string& configured, const std::filesystem::path& embedded);

}  // namespace tenon
