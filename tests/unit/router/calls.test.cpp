// Goal: however a platform behaves, a call is answered once, on a platform that lives long enough, and nobody
// else is held up.
// Method: a lazy router over platforms made of one function, which block, throw, answer late or not at all until told.
#include "contract_setup.hpp"
#include "plain_platform.hpp"

#include <doctest/doctest.h>

#include <latch>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace tenon;
using namespace tenon::testing;

namespace {

lazy_router_options over(function_platform::function on_start, bool blocking = false) {
  auto options = with_cache(4, 0);
  options.factory = make_factory([on_start = std::move(on_start), blocking](const std::string&) {
    return std::make_shared<function_platform>(on_start, blocking);
  });
  return options;
}

void answer(call_request, reply_handler done) { done(reply{"{}"}); }

}  // namespace

TEST_CASE("a platform that throws answers with its error, any other exception is INTERNAL_ERROR, blocking or not") {
  for (const bool blocking : {false, true}) {
    const auto known = make_error("PRODUCT_NOT_FOUND", "no such product");
    contract_setup at(over(
        [known](call_request request, reply_handler) {
          if (request.body == "known") throw error_exception(known);
          throw std::runtime_error("secret");
        },
        blocking));
    CHECK(at.call(request_for("tenant-a", "create_media_buy", "known")).error() == known);
    for (int n = 0; n < 2; ++n) {
      const auto failed = at.call(request_for("tenant-a", "create_media_buy", "other"));
      REQUIRE_FALSE(failed);
      CHECK(failed.error().code == "INTERNAL_ERROR");
      CHECK(failed.error().recover == recovery::terminal);
      CHECK(failed.error().message.find("secret") == std::string::npos);
      CHECK(failed.error().operator_detail.find("secret") != std::string::npos);
    }
  }
}

TEST_CASE("a platform that answers and then throws is heard once") {
  contract_setup at(over([](call_request, reply_handler done) {
    done(reply{"{}"});
    throw std::runtime_error("too late");
  }));
  CHECK(at.call(request_for("tenant-a")).has_value());
}

TEST_CASE("a call on a cached platform starts on the caller's thread, on a blocking one on the pool's") {
  for (const bool blocking : {false, true}) {
    std::thread::id started_on;
    contract_setup at(over(
        [&started_on](call_request request, reply_handler done) {
          started_on = std::this_thread::get_id();
          answer(std::move(request), std::move(done));
        },
        blocking));
    at.call(request_for("tenant-a"));
    at.call(request_for("tenant-a"));
    CHECK((started_on == std::this_thread::get_id()) == !blocking);
  }
}

TEST_CASE("a blocking call holds neither its caller nor other tenants") {
  std::latch go(1);
  contract_setup at(over(
      [&go](call_request request, reply_handler done) {
        if (request.body == "wait") go.wait();
        answer(std::move(request), std::move(done));
      },
      true));
  at.platform_for("tenant-a");
  auto waiting = at.start(request_for("tenant-a", "create_media_buy", "wait"));
  CHECK(at.call(request_for("tenant-b")).has_value());
  go.count_down();
  CHECK(await(std::move(waiting)).has_value());
}

TEST_CASE("running calls finish on the platform they hold, and it goes when the last of them has") {
  std::mutex mutex;
  std::vector<reply_handler> open;
  contract_setup at(over([&](call_request, reply_handler done) {
    const std::lock_guard lock(mutex);
    open.push_back(std::move(done));
  }));
  const std::weak_ptr<platform> held = at.platform_for("tenant-a").value();
  auto first = at.start(request_for("tenant-a"));
  auto second = at.start(request_for("tenant-a"));
  at.router->invalidate("tenant-a");
  CHECK_FALSE(held.expired());
  for (auto& done : std::exchange(open, {})) done(reply{"{}"});
  CHECK(await(std::move(first)).has_value());
  CHECK(await(std::move(second)).has_value());
  CHECK(eventually([&] { return held.expired(); }));
}

TEST_CASE("a platform may drop itself from the cache while it serves") {
  lazy_platform_router* router = nullptr;
  contract_setup at(over([&router](call_request request, reply_handler done) {
    router->invalidate();
    answer(std::move(request), std::move(done));
  }));
  router = at.router.get();
  CHECK(at.call(request_for("tenant-a")).has_value());
  CHECK(at.router->cached_tenants().empty());
}

TEST_CASE("a platform gets the request as it was made") {
  std::optional<call_request> seen;
  contract_setup at(over([&seen](call_request request, reply_handler done) {
    seen = request;
    answer(std::move(request), std::move(done));
  }));
  auto request = request_for("tenant-a", "update_media_buy", R"({"media_buy_id":"mb-1"})");
  request.context.principal = "buyer";
  request.context.trace_id = "trace";
  request.context.idempotency_key = "key";
  request.context.recovering = true;
  at.call(request);
  REQUIRE(seen);
  CHECK(seen->task == "update_media_buy");
  CHECK(seen->body == request.body);
  CHECK(seen->context.account == request.context.account);
  CHECK(seen->context.principal == "buyer");
  CHECK(seen->context.trace_id == "trace");
  CHECK(seen->context.idempotency_key == "key");
  CHECK(seen->context.recovering);
}

TEST_CASE("a platform that refines gets a refinement as its own task") {
  auto options = with_cache(4, 0);
  const auto refines = std::make_shared<plain_platform>("r", names{"get_products", "refine_get_products"});
  options.factory = make_factory([refines](const std::string&) { return refines; });
  contract_setup at(std::move(options));
  CHECK(at.call(request_for("tenant-a", "get_products", R"({"buying_mode":"refine"})")).has_value());
  CHECK(at.call(request_for("tenant-a", "get_products", R"({"buying_mode":"wholesale"})")).has_value());
  REQUIRE(refines->calls().size() == 2);
  CHECK(refines->calls()[0].task == "refine_get_products");
  CHECK(refines->calls()[1].task == "get_products");
}

TEST_CASE("a router that is told its tasks has those alone") {
  auto options = with_cache(4, 0);
  options.tasks = {"get_products"};
  contract_setup at(std::move(options));
  CHECK(at.router->implements("get_products"));
  CHECK_FALSE(at.router->implements("create_media_buy"));
  CHECK(at.served_by("tenant-a") == "UNSUPPORTED_FEATURE");
  CHECK(at.builds->builds().empty());
}
