#pragma once

#include "platform/http_client.hpp"
#include "platform/open_platforms.hpp"
#include "platform/turn_limiter.hpp"
#include "platform/wiped_text.hpp"
#include "plugin/library.hpp"

#include <tenon/platform.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tenon {

class entry_record;
class tenant_stores;

/// The text of a tenant's secrets by settings key, read when the platform is built. Shared and immutable; wiped when it
/// goes.
class secret_texts {
 public:
  /// `print`: tells these texts from others without saying them; empty: nobody made one.
  explicit secret_texts(std::map<std::string, std::string> by_name, std::string print = {});
  secret_texts(const secret_texts&) = delete;
  secret_texts& operator=(const secret_texts&) = delete;
  ~secret_texts();

  const std::string* find(std::string_view name) const noexcept;
  const std::map<std::string, std::string, std::less<>>& by_name() const noexcept { return by_name_; }
  const std::string& print() const noexcept { return print_; }

 private:
  std::map<std::string, std::string, std::less<>> by_name_;
  const std::string print_;
};

/// How far a build has come: what fails, fails in the step that was reached.
enum class build_step : std::uint8_t { settings, secrets, load, create, health };

/// What one platform leaves to the next (handover/1); null: nothing.
using inheritance = std::shared_ptr<const wiped_text>;
using inheritance_handler = unique_function<void(inheritance)>;

/// Everything a platform is built from.
struct platform_recipe {
  std::string tenant;
  std::shared_ptr<const plugin_image> image;
  boost::json::object settings;
  std::vector<std::string> specialisms;
  std::shared_ptr<const secret_texts> secrets;
  inheritance inherited = nullptr;  ///< given to create(), and to nobody after it
  bool isolate = false;             ///< a mapping of the plugin for this tenant alone

  /// Run first, on `blocking`, for the secrets, if there is one; within the build's timeout.
  std::function<result<std::shared_ptr<const secret_texts>>()> read_secrets = {};

  /// Asked when the secrets have been read and the code is loaded, if there is one, with the print of the secrets: what
  /// the platform before left.
  std::function<void(const std::string& secrets_print, inheritance_handler)> inherit = {};

  /// Whether a plugin with health/1 is asked, before the platform is handed out, if it is well.
  bool check_health = false;

  /// Told when a step begins, one after the other.
  std::function<void(build_step)> on_step = {};
};

/// What the world gives to plugin platforms. Borrowed members outlive every platform.
///
/// `executor` must run until `retiring` counts none, or be stopped for good and destroyed while the loader is idle:
/// platforms that are left then are destroyed on the loader thread without grace, and calls still open are dropped
/// unanswered, as Asio drops handlers.
struct platform_environment {
  boost::asio::any_io_executor executor;  ///< strands of platforms run on it
  /// What blocks for a tenant: strands of platforms with a blocking task, signatures, the reading of secrets. Keeps
  /// what the executors run on for as long as any platform.
  std::function<boost::asio::any_io_executor(const std::string& tenant)> blocking_of;
  const clock* time = nullptr;
  std::weak_ptr<http_client> http;    ///< the host's: its timers and sockets must go before the executor's context does
  std::weak_ptr<turn_limiter> turns;  ///< likewise, for its timers
  std::shared_ptr<tenant_stores> stores;  ///< null: store/1 has none
  std::shared_ptr<tenon::loader> loader;
  std::shared_ptr<spdlog::logger> logger;           ///< not null
  std::shared_ptr<entry_record> entries = nullptr;  ///< null: entries into plugins leave no trace
  std::shared_ptr<open_platforms> retiring = std::make_shared<open_platforms>();
  std::chrono::milliseconds build_timeout{30'000};
  std::chrono::milliseconds call_timeout{60'000};
  std::chrono::milliseconds handover_timeout{1'000};  ///< of a platform that is asked what it leaves
  std::chrono::milliseconds retire_grace{10'000};     ///< running calls of a retired platform may finish this long
  std::chrono::milliseconds retire_hard{500};         ///< after cancelling them, until the host answers in their place
  std::chrono::milliseconds retire_stuck{2'000};      ///< then, until a thread still inside makes the library a zombie
  std::chrono::milliseconds http_timeout{30'000};     ///< default and maximum of one exchange
  std::uint64_t http_max_response_bytes = 8u << 20;   ///< likewise
  std::uint32_t max_open_operations = 1024;           ///< of one platform: timers, exchanges, signatures
  /// How many exchanges a tenant may have open at once, over all its platforms; 0: no limit of its own.
  std::function<std::uint32_t(const std::string& tenant)> upstream_limit_of = [](const std::string&) { return 0u; };
};

/// What a build cost, for the benchmark.
struct build_timing {
  std::chrono::nanoseconds load{};    ///< to the loader thread, dlopen and handshake if needed
  std::chrono::nanoseconds create{};  ///< create() until ready
};

/// What one platform has to say of itself, for status and metrics.
struct platform_counters {
  std::uint64_t open_calls = 0;
  std::uint64_t open_operations = 0;
  std::uint64_t late_completions = 0;  ///< second, late or unknown tokens that the plugin completed
};

/// A plugin's platform behind the C++ interface.
///
/// One strand per platform: never two entries into its code at once, unless the manifest says so. Destroying the last
/// reference retires it: calls finish (grace), are cancelled, are answered by the host; the gate closes, operations
/// complete with CLOSING, then destroy() runs on the loader thread and the library's reference goes.
class plugin_platform : public platform {
 public:
  virtual const plugin_image& image() const noexcept = 0;
  virtual std::uint64_t instance() const noexcept = 0;            ///< unique per build in this process
  virtual const std::string& secrets_print() const noexcept = 0;  ///< of the secrets that it was built from
  virtual build_timing timing() const noexcept = 0;
  virtual platform_counters counters() const = 0;

  /// Asks what it leaves to a successor, while it goes on serving. `done` once, on any thread, within handover_timeout;
  /// with nothing if the plugin has no handover/1, refuses, says too much, or does not answer in time.
  virtual void hand_over(inheritance_handler done) = 0;
};

using plugin_platform_handler = unique_function<void(result<std::shared_ptr<plugin_platform>>)>;

/// Loads the library if needed, creates the instance and waits for its token, up to build_timeout. `done` on
/// environment.executor. Errors: the library is refused (CONFIGURATION_ERROR), create() or the health check failed (its
/// own error, as the plugin completed it), TIMEOUT (SERVICE_UNAVAILABLE), a null instance with TENON_OK
/// (INTERNAL_ERROR), `stop` (SERVICE_UNAVAILABLE).
void build_plugin_platform(std::shared_ptr<const platform_environment> environment, platform_recipe recipe,
                           std::stop_token stop, plugin_platform_handler done);

/// The table of functions given to init(). Immortal.
const tenon_host& plugin_host_table() noexcept;

/// How often a plugin called a host service from a place where it may not: below no frame of that platform, in this
/// process.
std::uint64_t foreign_service_calls() noexcept;

}  // namespace tenon
