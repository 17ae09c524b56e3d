#pragma once

#include <tenon/sdk/context.hpp>
#include <tenon/sdk/task.hpp>

namespace tenon::sdk {

/// What a plugin builds for one tenant. Derive from it, write one member function for each task of the manifest, and
/// name them all in TENON_PLUGIN:
///
///     sdk::task<sdk::json::value> get_products(sdk::json::value request, sdk::call_context call);
///
/// A function without co_await may return sdk::json::value itself.
///
/// Lifetime    Made for the tenant's first request; destroyed when it is evicted, reloaded or its plugin unloaded,
///             possibly while tasks are suspended: their frames go first, then the platform.
/// Threads     Any, one at a time: no locks are needed, but what was read before an await may have changed after it.
/// Errors      Throw sdk::error. Any other exception is INTERNAL_ERROR for the caller, its text is for the operator.
class platform {
 public:
  explicit platform(platform_context context) : context_(std::move(context)) {}
  platform(const platform&) = delete;
  platform& operator=(const platform&) = delete;
  virtual ~platform() = default;

  /// The handshake: runs once, before the first call. What it throws fails the creation. By default ready at once.
  virtual task<void> open() { co_return; }

  /// Optional ("health/1" in the manifest): whether the platform is well, asked when it is to replace one that serves.
  /// What it throws keeps the old one. Keep it cheap.
  virtual task<void> check_health() { co_return; }

  /// Optional ("handover/1" in the manifest): what the platform that replaces this one should know, such as a live
  /// access token; it finds it in context().inherited(). This one goes on serving. An object of at most 64 KiB; empty:
  /// nothing.
  virtual task<json::value> hand_over() { co_return json::value(json::object()); }

 protected:
  const platform_context& context() const noexcept { return context_; }
  const std::string& tenant() const noexcept { return context_.tenant(); }
  const json::object& settings() const noexcept { return context_.settings(); }
  const std::vector<std::string>& specialisms() const noexcept { return context_.specialisms(); }

  const json::object& inherited() const noexcept { return context_.inherited(); }

  http_client http() const noexcept { return context_.http(); }
  timer_service timers() const noexcept { return context_.timers(); }
  limiter_service limiter() const noexcept { return context_.limiter(); }
  store_service store() const noexcept { return context_.store(); }
  logger log() const noexcept { return context_.log(); }
  clocks time() const noexcept { return context_.time(); }
  crypto_service crypto() const noexcept { return context_.crypto(); }
  secret_text secret(std::string name) const { return context_.secret(std::move(name)); }

 private:
  platform_context context_;
};

}  // namespace tenon::sdk
