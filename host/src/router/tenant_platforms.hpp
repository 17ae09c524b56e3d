#pragma once

#include "cache/platform_cache.hpp"
#include "cache/single_flight.hpp"

#include <tenon/router.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace tenon {

/// The platforms of a lazy router: finds them, builds the missing ones, lets the expired ones go.
///
/// Every build carries a ticket of the cache from before the factory is asked until its outcome is handed
/// out, so a build that lost to an invalidate or a replace serves those who wait for it and is never kept.
///
/// Lifetime    Builds in flight hold it. While a value with a time to live is kept, one timer is pending on
///             the executor; it holds nothing.
/// Threads     Any, concurrently. Factories, waiters and destructors of platforms run outside its locks.
class tenant_platforms : public std::enable_shared_from_this<tenant_platforms> {
 public:
  using cache = platform_cache<std::shared_ptr<platform>>;

  struct limits {
    std::size_t size;
    std::chrono::nanoseconds time_to_live;
  };

  tenant_platforms(boost::asio::any_io_executor executor, boost::asio::any_io_executor blocking, const clock& time,
                   std::shared_ptr<tenon::factory> factory, limits bounds, cold_start mode);

  ~tenant_platforms();

  /// Kept and fresh, or null. Cost: one reference count.
  std::shared_ptr<platform> find(std::string_view tenant) {
    const auto held = cache_.find(tenant, time_.coarse_now());
    return held ? *held : nullptr;
  }

  /// Waits for a build of the tenant's platform, its own or a shared one. `done` on the executor. Errors: the
  /// factory's, unchanged; tenant_not_found for a null platform; INTERNAL_ERROR for an exception or a lost
  /// handler; SERVICE_UNAVAILABLE when `stop` fires.
  void build(std::string tenant, std::stop_token stop, build_handler done);

  void invalidate(std::string_view tenant) noexcept { cache_.invalidate(tenant); }
  void invalidate() noexcept { cache_.invalidate(); }
  bool replace(std::string_view tenant, std::shared_ptr<platform> successor);
  std::vector<std::string> tenants() const { return cache_.tenants(time_.steady_now()); }

 private:
  /// What a build was started against. It holds the cache that its generations are counted in, so whoever
  /// holds a build may drop it last.
  struct ticket {
    std::shared_ptr<tenant_platforms> owner;
    cache::build_ticket generations;  // after owner: it goes first

    bool current() const { return generations.current(); }
  };

  using build_outcome = result<std::shared_ptr<platform>>;
  using flights = single_flight<build_outcome, ticket>;
  using flight = std::shared_ptr<flights::flight>;
  class landing;
  struct departure;

  /// What the cache tells that there is something to destroy. It may be told after the owner has gone.
  struct disposal {
    std::mutex mutex;
    tenant_platforms* owner;
  };

  ticket begin_build(const std::string& tenant) { return {shared_from_this(), cache_.begin_build(tenant)}; }
  void start(const flight& started);
  void ask_factory(const flight& started, build_handler done);
  void finish(const flight& ended, build_outcome built);
  void hand_out(const flight& ended, const build_outcome& outcome);
  void release(build_handler waiter, build_outcome outcome);
  void arm_expiry();
  lifetime life() const;

  const boost::asio::any_io_executor executor_;
  const boost::asio::any_io_executor blocking_;
  const clock& time_;
  const std::shared_ptr<tenon::factory> factory_;
  const cold_start mode_;
  const std::chrono::nanoseconds time_to_live_;
  const std::shared_ptr<disposal> disposal_;
  cache cache_;
  flights flights_;

  // Whoever turns it true may use the timer, until the timer's handler turns it false.
  std::atomic<bool> expiry_armed_ = false;
  boost::asio::steady_timer expiry_;
};

}  // namespace tenon
