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

 protected:
  const platform_context& context() const noexcept { return context_; }
  const std::string& tenant() const noexcept { return context_.tenant(); }
  const json::object& settings() const noexcept { return context_.settings(); }
  const std::vector<std::string>& specialisms() const noexcept { return context_.specialisms(); }

  http_client http() const noexcept { return context_.http(); }
  timer_service timers() const noexcept { return context_.timers(); }
  logger log() const noexcept { return context_.log(); }
  clocks time() const noexcept { return context_.time(); }
  crypto_service crypto() const noexcept { return context_.crypto(); }
  secret_text secret(std::string name) const { return context_.secret(std::move(name)); }

 private:
  platform_context context_;
};

}  // namespace tenon::sdk
