#pragma once

#include "cache/loading_cache.hpp"

#include <tenon/platform.hpp>
#include <tenon/router.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// The platforms of a lazy router: a loading_cache on Asio, whose builder is the router's factory.
///
/// Lifetime    Builds in flight hold the cache. While a value with a time to live is kept, one timer is pending on the
///             executor; it holds nothing.
/// Threads     Any, concurrently. Factories, waiters and destructors of platforms run outside its locks.
class tenant_platforms {
 public:
  using cache = loading_cache<std::shared_ptr<platform>>;
  using lease = cache::lease;

  tenant_platforms(boost::asio::any_io_executor executor, boost::asio::any_io_executor blocking, const clock& time,
                   std::shared_ptr<factory> source, loading_options options);

  /// Kept and fresh, or an empty lease.
  lease find(std::string_view tenant) { return cache_->find(tenant); }

  /// The same for who only looks: no use of the platform.
  lease peek(std::string_view tenant) { return cache_->peek(tenant); }

  /// The tenant's platform, built if need be; `done` on the executor. Errors: the factory's; tenant_not_found for a
  /// null platform; INTERNAL_ERROR for an exception or a lost handler; SERVICE_UNAVAILABLE when `stop` fires, or when
  /// too many builds are under way.
  void get(std::string tenant, std::stop_token stop, cache::handler done) {
    cache_->get(std::move(tenant), std::move(stop), std::move(done));
  }

  // What these drop is destroyed at once, on the caller's thread, if nobody leases it.
  void invalidate(std::string_view tenant) noexcept;
  void invalidate() noexcept;
  bool replace(std::string_view tenant, std::shared_ptr<platform> successor);

  void shut_down(std::chrono::nanoseconds patience, unique_function<void(router_remains)> done);

  void forget_failure(std::string_view tenant) noexcept { cache_->forget_failure(tenant); }
  bool mark_stale(std::string_view tenant) { return cache_->mark_stale(tenant); }
  std::vector<std::string> tenants() const { return cache_->tenants(); }
  cache_status status() const;

 private:
  const std::shared_ptr<cache> cache_;
};

}  // namespace tenon
