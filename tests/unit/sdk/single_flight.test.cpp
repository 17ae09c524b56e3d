// Goal: one operation in progress serves all who join it, whoever of them goes first.
// Method: activities driven by hand around an operation that ends when the test says so.

#include "scripted_activity.hpp"

#include <tenon/sdk/single_flight.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace tenon::sdk;
using namespace tenon::sdk::testing;

namespace {

/// Fetches tokens "token-1", "token-2"...; each fetch waits for `event`.
class token_source {
 public:
  task<std::string> token() {
    std::string text = co_await flight_.join(fetch());
    co_return text;
  }

  manual_event event;
  int fetches = 0;
  bool broken = false;
  single_flight<std::string> flight_;

 private:
  task<std::string> fetch() {
    const int number = ++fetches;
    co_await event.wait();
    if (broken) throw std::runtime_error("no token");
    co_return "token-" + std::to_string(number);
  }
};

using waiter = scripted_activity<std::string>;

}  // namespace

TEST_CASE("tasks that join while an operation runs share its outcome") {
  detail::run_queue queue;
  token_source source;
  waiter first(queue, source.token());
  waiter second(queue, source.token());
  CHECK(source.fetches == 1);
  CHECK(source.flight_.running());

  source.event.fire();

  CHECK(first.take() == "token-1");
  CHECK(second.take() == "token-1");
  CHECK_FALSE(source.flight_.running());
}

TEST_CASE("an outcome is not kept: who joins later starts anew") {
  detail::run_queue queue;
  token_source source;
  waiter first(queue, source.token());
  source.event.fire();
  waiter second(queue, source.token());
  source.event.fire();
  CHECK(first.take() == "token-1");
  CHECK(second.take() == "token-2");
}

TEST_CASE("what the operation throws, every waiter gets") {
  detail::run_queue queue;
  token_source source;
  source.broken = true;
  waiter first(queue, source.token());
  waiter second(queue, source.token());
  source.event.fire();
  CHECK_THROWS_WITH_AS(first.take(), "no token", std::runtime_error);
  CHECK_THROWS_WITH_AS(second.take(), "no token", std::runtime_error);
}

TEST_CASE("the operation goes on when the waiter that started it is cancelled") {
  detail::run_queue queue;
  token_source source;
  waiter first(queue, source.token());
  waiter second(queue, source.token());

  first.cancel();
  queue.drain();
  CHECK(first.done());
  CHECK_THROWS_AS(first.take(), cancelled);

  source.event.fire();
  CHECK(second.take() == "token-1");
}

TEST_CASE("a waiter may be destroyed before the operation ends") {
  detail::run_queue queue;
  token_source source;
  { const waiter gone(queue, source.token()); }
  waiter stays(queue, source.token());
  source.event.fire();
  CHECK(stays.take() == "token-1");
}

TEST_CASE("the flight may be destroyed while its operation is suspended") {
  detail::run_queue queue;
  {
    token_source source;
    const waiter gone(queue, source.token());
    CHECK(source.event.awaited());
  }
  queue.drain();
}

TEST_CASE("a cancelled task joins nothing") {
  detail::run_queue queue;
  token_source source;
  manual_event gate;
  const auto late = [](manual_event& before, token_source& from) -> task<std::string> {
    try {
      co_await before.wait();
    } catch (const cancelled&) {
    }
    co_return co_await from.token();
  };
  waiter cancelled_one(queue, late(gate, source));
  cancelled_one.cancel();
  queue.drain();
  CHECK_THROWS_AS(cancelled_one.take(), cancelled);
  CHECK(source.fetches == 0);
}
