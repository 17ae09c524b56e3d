// Goal: functions and coroutines become factories; what they throw becomes errors; what is no platform does
// not compile.
// Method: factories asked directly, and through a router where threads matter.
#include "contract_setup.hpp"
#include "fake_proposals.hpp"
#include "plain_platform.hpp"

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace tenon;
using namespace tenon::testing;

namespace {

using outcome = result<std::shared_ptr<platform>>;

outcome build(factory& from, const std::string& tenant) {
  auto promise = std::make_shared<std::promise<outcome>>();
  auto coming = promise->get_future();
  from.build(tenant, {}, [promise](outcome built) { promise->set_value(std::move(built)); });
  return await(std::move(coming));
}

boost::asio::awaitable<std::shared_ptr<platform>> throw_later(boost::asio::any_io_executor executor, error what) {
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
  throw error_exception(std::move(what));
}

template <class Function>
concept makes_a_factory = requires(Function function) { make_factory(function); };

using platform_function = std::shared_ptr<plain_platform> (*)(const std::string&);
using number_function = std::shared_ptr<int> (*)(const std::string&);
using raw_function = platform* (*)(const std::string&);

// 16, as far as C++ has it: a factory of something else is refused by the compiler.
static_assert(makes_a_factory<platform_function>);
static_assert(!makes_a_factory<number_function>);
static_assert(!makes_a_factory<raw_function>);

/// A factory that misbehaves as told.
class rogue_factory final : public factory {
 public:
  using behaviour = std::function<void(build_handler)>;
  explicit rogue_factory(behaviour on_build) : on_build_(std::move(on_build)) {}
  void build(std::string, std::stop_token, build_handler done) override { on_build_(std::move(done)); }

 private:
  const behaviour on_build_;
};

lazy_router_options over(rogue_factory::behaviour on_build, cold_start mode = cold_start::coalesce) {
  auto options = with_cache(4, 0, mode);
  options.factory = std::make_shared<rogue_factory>(std::move(on_build));
  return options;
}

}  // namespace

TEST_CASE(
    "a function that throws an error gives that error, any other exception INTERNAL_ERROR with its text for the "
    "operator alone") {
  const auto known = make_error("SERVICE_UNAVAILABLE", "away");
  const auto throws_error =
      make_factory([known](const std::string&) -> std::shared_ptr<platform> { throw error_exception(known); });
  CHECK(build(*throws_error, "a").error() == known);

  const auto throws_other =
      make_factory([](const std::string&) -> std::shared_ptr<platform> { throw std::runtime_error("password=123"); });
  const auto failed = build(*throws_other, "a");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == "INTERNAL_ERROR");
  CHECK(failed.error().recover == recovery::terminal);
  CHECK(failed.error().message.find("password") == std::string::npos);
  CHECK(failed.error().operator_detail.find("password=123") != std::string::npos);

  const auto throws_number = make_factory([](const std::string&) -> std::shared_ptr<platform> { throw 1; });
  CHECK(build(*throws_number, "a").error().code == "INTERNAL_ERROR");
}

TEST_CASE("a coroutine that throws gives the same errors") {
  boost::asio::thread_pool pool(1);
  const auto executor = boost::asio::any_io_executor(pool.get_executor());
  const auto known = make_error("SERVICE_UNAVAILABLE", "away");
  const auto throws = make_factory(executor, [executor, known](std::string) { return throw_later(executor, known); });
  CHECK(build(*throws, "a").error() == known);
  pool.join();
}

TEST_CASE("a coroutine's factory may go while the coroutine runs") {
  boost::asio::thread_pool pool(1);
  const auto executor = boost::asio::any_io_executor(pool.get_executor());
  auto throws = make_factory(
      executor, [executor](std::string tenant) { return throw_later(executor, make_error("CONFLICT", tenant)); });
  std::promise<outcome> promise;
  auto coming = promise.get_future();
  throws->build("a", {}, [&promise](outcome built) { promise.set_value(std::move(built)); });
  throws.reset();
  CHECK(await(std::move(coming)).error().message == "a");
  pool.join();
}

TEST_CASE("a function runs on the blocking pool, not on the caller's thread") {
  std::thread::id built_on;
  auto options = with_cache(4, 0);
  options.factory = make_factory([&built_on](const std::string& tenant) {
    built_on = std::this_thread::get_id();
    return std::make_shared<plain_platform>(tenant);
  });
  contract_setup at(std::move(options));
  CHECK(at.served_by("tenant-a") == "tenant-a");
  CHECK(built_on != std::this_thread::get_id());
}

TEST_CASE("by default a factory foresees nothing") {
  const auto any = make_factory([](const std::string&) { return std::shared_ptr<platform>(); });
  const auto seen = any->foresees("a", "get_products");
  REQUIRE(seen);
  CHECK_FALSE(seen->has_value());
}

TEST_CASE("a factory that throws instead of answering fails the request") {
  contract_setup at(over([](build_handler) { throw error_exception(make_error("SERVICE_UNAVAILABLE", "thrown")); }));
  CHECK(at.served_by("tenant-a") == "SERVICE_UNAVAILABLE");
}

TEST_CASE("a factory that loses its handler fails the request instead of hanging the tenant") {
  contract_setup at(over([](build_handler) {}));
  CHECK(at.served_by("tenant-a") == "INTERNAL_ERROR");
  CHECK(at.served_by("tenant-a") == "INTERNAL_ERROR");
}

TEST_CASE("a factory that answers twice, or answers and then throws, is heard once") {
  contract_setup at(over([](build_handler done) {
    done(std::shared_ptr<platform>(std::make_shared<plain_platform>("first")));
    done(make_error("INTERNAL_ERROR", "second"));
    throw std::runtime_error("third");
  }));
  CHECK(at.served_by("tenant-a") == "first");
}

namespace {

/// Knows one tenant, one broken tenant and one task without building.
class seer final : public factory {
 public:
  void build(std::string tenant, std::stop_token, build_handler done) override {
    ++builds;
    done(std::shared_ptr<platform>(std::make_shared<plain_platform>(std::move(tenant))));
  }

  result<std::optional<bool>> foresees(const std::string& tenant, std::string_view task) const override {
    if (tenant == "thrower") throw std::runtime_error("no foresight");
    if (tenant != "known") return tenant_not_found("unknown or disabled");
    return std::optional<bool>(task == "create_media_buy" || task == "get_products");
  }

  std::atomic<int> builds = 0;
};

}  // namespace

TEST_CASE("what is foreseen is refused without a build") {
  const auto source = std::make_shared<seer>();
  lazy_router_options options;
  options.factory = source;
  contract_setup base;  // its executors serve the router under test, whose factory is not wrapped
  const auto router = lazy_platform_router::make(base.executor.get_executor(), base.blocking.get_executor(), base.time,
                                                 std::move(options))
                          .value();
  CHECK(call(*router, request_for("unknown")).error().code == "ACCOUNT_NOT_FOUND");
  CHECK(call(*router, request_for("thrower")).error().code == "INTERNAL_ERROR");
  CHECK(call(*router, request_for("known", "sync_creatives")).error().code == "UNSUPPORTED_FEATURE");
  const auto refined = call(*router, request_for("known", "get_products", R"({"buying_mode":"refine"})"));
  CHECK(refined.error().code == "INVALID_REQUEST");
  CHECK(source->builds == 0);
  CHECK(call(*router, request_for("known")).has_value());
  CHECK(source->builds == 1);
}

TEST_CASE("a manager does not answer for a tenant that is foreseen to be unknown or disabled") {
  const auto manager = std::make_shared<fake_manager>("m");
  lazy_router_options options;
  options.factory = std::make_shared<seer>();
  options.proposal_managers = {{"gone", manager}, {"known", manager}};
  contract_setup base;
  const auto router = lazy_platform_router::make(base.executor.get_executor(), base.blocking.get_executor(), base.time,
                                                 std::move(options))
                          .value();
  CHECK(call(*router, request_for("gone", "get_products")).error().code == "ACCOUNT_NOT_FOUND");
  CHECK(manager->calls().empty());
  CHECK(call(*router, request_for("known", "get_products")).has_value());
}

TEST_CASE("a router without a factory is refused") {
  boost::asio::thread_pool pool(1);
  const manual_clock time;
  CHECK_FALSE(lazy_platform_router::make(pool.get_executor(), pool.get_executor(), time, {}).has_value());
}
