#pragma once

#include "await.hpp"
#include "contract_world.hpp"
#include "manual_clock.hpp"
#include "print_result.hpp"
#include "probe_factory.hpp"
#include "thread_name.hpp"

#include <tenon/router.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tenon::testing {

using names = std::vector<std::string>;

inline call_request request_for(std::string tenant, std::string task = "create_media_buy", std::string body = "{}") {
  call_request made{std::move(task), std::move(body), {}};
  made.context.account.id = "account-of-" + tenant;
  made.context.account.metadata["tenant_id"] = std::move(tenant);
  return made;
}

/// Starts a call and gives what will become of it.
inline std::future<result<reply>> start(platform& target, call_request request) {
  auto promise = std::make_shared<std::promise<result<reply>>>();
  auto coming = promise->get_future();
  target.start(std::move(request), [promise](result<reply> outcome) { promise->set_value(std::move(outcome)); });
  return coming;
}

inline result<reply> call(platform& target, call_request request) { return await(start(target, std::move(request))); }

/// A lazy router over a world's platforms, with everything it is given.
struct contract_setup {
  using flavour = contract_world::flavour;

  explicit contract_setup(lazy_router_options options = {}, flavour kind = flavour::plain) {
    builds = std::make_shared<probe_factory>(options.factory ? options.factory : world->make_source(kind));
    options.factory = builds;
    router =
        lazy_platform_router::make(executor.get_executor(), blocking.get_executor(), time, std::move(options)).value();
  }

  ~contract_setup() {
    builds->release();
    router.reset();
    builds.reset();
    world.reset();
    blocking.join();
    executor.join();
  }

  std::future<result<reply>> start(call_request request) { return testing::start(*router, std::move(request)); }
  std::future<result<reply>> start(const std::string& tenant) { return start(request_for(tenant)); }
  result<reply> call(call_request request) { return await(start(std::move(request))); }

  /// Who answered a create_media_buy for this tenant; the error's code if nobody did.
  std::string served_by(const std::string& tenant) { return served_by(start(tenant)); }
  std::string served_by(std::future<result<reply>> coming) {
    const auto outcome = await(std::move(coming));
    return outcome ? world->tenant_of(*outcome) : outcome.error().code;
  }

  result<std::shared_ptr<platform>> platform_for(const std::string& tenant) {
    std::promise<result<std::shared_ptr<platform>>> promise;
    auto coming = promise.get_future();
    router->platform_for_tenant(tenant, [&promise](auto outcome) { promise.set_value(std::move(outcome)); });
    return await(std::move(coming));
  }

  /// The threads of the blocking pool, which must be idle.
  names pool_threads() {
    std::promise<std::string> first;
    std::promise<std::string> second;
    std::latch both(2);
    for (auto* one : {&first, &second}) {
      boost::asio::post(blocking, [one, &both] {
        both.arrive_and_wait();
        one->set_value(this_thread_name());
      });
    }
    names threads{first.get_future().get()};
    threads.push_back(second.get_future().get());
    return threads;
  }

  manual_clock time;
  boost::asio::thread_pool executor{2};
  boost::asio::thread_pool blocking{2};
  std::unique_ptr<contract_world> world = make_contract_world(executor.get_executor(), blocking.get_executor(), time);
  std::shared_ptr<probe_factory> builds;
  std::shared_ptr<lazy_platform_router> router;
};

/// The error of making a router with these options, if there is one.
inline std::optional<error> refusal(lazy_router_options options) {
  contract_setup at;
  options.factory = at.builds;
  const auto made =
      lazy_platform_router::make(at.executor.get_executor(), at.blocking.get_executor(), at.time, std::move(options));
  return made ? std::nullopt : std::optional(made.error());
}

/// Options with a cache of this size and time to live.
inline lazy_router_options with_cache(long size, double ttl_seconds, cold_start mode = cold_start::each) {
  lazy_router_options options;
  options.cache_size = size;
  options.cache_ttl_seconds = ttl_seconds;
  options.cold_start = mode;
  return options;
}

}  // namespace tenon::testing
