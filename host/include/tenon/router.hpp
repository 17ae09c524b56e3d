#pragma once

#include <tenon/account_store.hpp>
#include <tenon/cache_policy.hpp>
#include <tenon/platform.hpp>
#include <tenon/proposal.hpp>
#include <tenon/status.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tenon {

/// Takes the outcome of a build, exactly once. A null platform means: there is no such tenant.
using build_handler = unique_function<void(result<std::shared_ptr<platform>>)>;

/// Builds the platform of a tenant. A router knows nothing else about where platforms come from.
///
/// Threads     Any, concurrently.
class factory {
 public:
  factory() = default;
  factory(const factory&) = delete;
  factory& operator=(const factory&) = delete;
  virtual ~factory() = default;

  /// Whether build() may hold its thread: then the router calls it on the blocking pool.
  virtual bool blocks() const noexcept { return false; }

  /// Starts a build. `done` exactly once, inside build() or later, on any thread. `stop`: nobody waits for it any more.
  /// Errors go to the caller unchanged and are not cached.
  virtual void build(std::string tenant, std::stop_token stop, build_handler done) = 0;

  /// What can be said without a build: whether the tenant exists and its platform will implement `task`. Nothing: not
  /// known; false: UNSUPPORTED_FEATURE; an error (an unknown or disabled tenant): refused with it.
  virtual result<std::optional<bool>> foresees(const std::string& tenant, std::string_view task) const;
};

/// A function that returns the platform. It may block: it runs on the blocking pool. An exception of type
/// error_exception is that error; any other is INTERNAL_ERROR.
std::shared_ptr<factory> make_factory(std::function<std::shared_ptr<platform>(const std::string& tenant)> function);

/// A coroutine that returns the platform; it runs on `executor`.
std::shared_ptr<factory> make_factory(
    boost::asio::any_io_executor executor,
    std::function<boost::asio::awaitable<std::shared_ptr<platform>>(std::string tenant)> coroutine);

using proposal_managers = std::map<std::string, std::shared_ptr<proposal_manager>, std::less<>>;
using proposal_stores = std::map<std::string, std::shared_ptr<proposal_store>, std::less<>>;
using proposal_store_factory = std::function<std::shared_ptr<proposal_store>(const std::string& tenant)>;

/// The surface that the lazy and the eager router share.
class routing_platform : public platform {
 public:
  virtual const std::shared_ptr<const account_store>& accounts() const noexcept = 0;
  virtual std::shared_ptr<proposal_manager> proposal_manager_for_tenant(const std::string& tenant) const = 0;
  virtual std::shared_ptr<proposal_store> proposal_store_for_tenant(const std::string& tenant) const = 0;
};

struct lazy_router_options {
  std::shared_ptr<const account_store> accounts;
  std::shared_ptr<tenon::factory> factory;
  tenon::proposal_managers proposal_managers = {};
  tenon::proposal_stores proposal_stores = {};
  tenon::proposal_store_factory proposal_store_factory = {};
  long cache_size = 256;            ///< platforms; at least 1
  double cache_ttl_seconds = 3600;  ///< 0 = evict by size only
  tenon::cold_start cold_start = tenon::cold_start::each;
  cache_policy policy = {};
  std::set<std::string, std::less<>> tasks = {};  ///< what the router implements; empty: every task of the release
};

/// What a router that was shut down had to leave behind.
struct router_remains {
  struct holder {
    std::string tenant;
    std::uint64_t leases;                   ///< as a rule one for each running call
    std::chrono::nanoseconds oldest_lease;  ///< its age
  };

  std::vector<holder> held = {};
  std::vector<std::string> building = {};  ///< tenants whose builds have not ended, sorted

  bool empty() const noexcept { return held.empty() && building.empty(); }
};

/// Routes every task to the platform of the account's tenant, builds that platform on the first request and keeps it in
/// a bounded LRU and TTL cache. The contract is that of LazyPlatformRouter of the AdCP Python SDK
/// (adcp-client-python, platform_router.py).
///
/// Lifetime    Calls in flight keep the router's state alive; destroying the router drops the cache. The clock and
///             the contexts behind the executors outlive the router and its calls. While a platform with a time to
///             live is kept, a timer is pending on `executor`.
/// Threads     Any, concurrently. No lock is held while a platform, a factory or a handler runs. A request that
///             waited for a build continues on `executor`; a hit is handed to its platform on the calling thread.
/// Cost        A hit: no lock, no allocation of its own, and nothing written that other threads write but the mark of
/// its
///             last use. A call leases its platform until it is answered.
class lazy_platform_router final : public routing_platform {
 public:
  /// `executor` runs continuations, `blocking` the functions that block. Errors, checked in this order: cache_size,
  /// cache_ttl_seconds, the limits of the policy, proposal_stores together with proposal_store_factory, a manager that
  /// finalizes without a store.
  static result<std::shared_ptr<lazy_platform_router>> make(boost::asio::any_io_executor executor,
                                                            boost::asio::any_io_executor blocking, const clock& time,
                                                            lazy_router_options options);
  ~lazy_platform_router() override;

  bool implements(std::string_view task) const noexcept override;
  void start(call_request request, reply_handler done) override;

  const std::shared_ptr<const account_store>& accounts() const noexcept override;
  std::shared_ptr<proposal_manager> proposal_manager_for_tenant(const std::string& tenant) const override;
  std::shared_ptr<proposal_store> proposal_store_for_tenant(const std::string& tenant) const override;

  /// The tenant's platform, built on a miss; the same errors as a request.
  void platform_for_tenant(std::string tenant, build_handler done);

  /// The tenant's platform if it is cached and fresh; a hit becomes the most recently used.
  std::shared_ptr<platform> cached_platform(const std::string& tenant);

  /// The same for who only looks: it is no use of the platform, and starts no refresh.
  std::shared_ptr<platform> peek_platform(const std::string& tenant) const;

  /// Drops the tenant's platform and outdates its running builds. Unknown tenants are fine. Running calls finish.
  void invalidate(const std::string& tenant) noexcept;
  void invalidate() noexcept;  ///< all of them

  /// Puts a successor in the place of the tenant's platform with one store, and outdates running builds. Running calls
  /// finish on the platform they hold; later ones get the successor. Does nothing and returns false if the tenant is
  /// not cached.
  bool replace(const std::string& tenant, std::shared_ptr<platform> successor);

  /// The next request tries to build the tenant's platform, whatever failed before.
  void forget_failure(const std::string& tenant) noexcept;

  /// Refuses who has no platform yet, answers who waits for one, tells builds to stop and drops every platform. `done`
  /// on `executor`: with nothing when every call has ended, or after `patience` with what is left. Once.
  void shut_down(std::chrono::nanoseconds patience, unique_function<void(router_remains)> done);

  /// A snapshot, sorted; without expired entries.
  std::vector<std::string> cached_tenants() const;

  /// What the cache holds and did. Cost: a look at every platform.
  cache_status cache() const;

 private:
  struct state;
  explicit lazy_platform_router(std::shared_ptr<state> shared);
  std::shared_ptr<state> state_;
};

struct eager_router_options {
  std::shared_ptr<const account_store> accounts;
  std::map<std::string, std::shared_ptr<platform>, std::less<>> platforms;
  tenon::proposal_managers proposal_managers = {};
  tenon::proposal_stores proposal_stores = {};
  tenon::proposal_store_factory proposal_store_factory = {};
};

/// The same surface over platforms that exist from the start.
class platform_router final : public routing_platform {
 public:
  /// Errors: no platform, a manager or store of a tenant without a platform, and those of the lazy router.
  static result<std::shared_ptr<platform_router>> make(boost::asio::any_io_executor executor,
                                                       boost::asio::any_io_executor blocking,
                                                       eager_router_options options);
  ~platform_router() override;

  bool implements(std::string_view task) const noexcept override;
  void start(call_request request, reply_handler done) override;

  const std::shared_ptr<const account_store>& accounts() const noexcept override;
  std::shared_ptr<proposal_manager> proposal_manager_for_tenant(const std::string& tenant) const override;
  std::shared_ptr<proposal_store> proposal_store_for_tenant(const std::string& tenant) const override;

  std::vector<std::string> tenants() const;  ///< sorted
  /// Errors: ACCOUNT_NOT_FOUND for an unknown tenant.
  result<std::shared_ptr<platform>> platform_for_tenant(const std::string& tenant) const;

 private:
  struct state;
  explicit platform_router(std::shared_ptr<state> shared);
  std::shared_ptr<state> state_;
};

}  // namespace tenon
