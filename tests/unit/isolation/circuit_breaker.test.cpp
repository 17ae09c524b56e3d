// Goal: the breaker opens when most calls fail, for longer each time, and closes when probes succeed. Method: a clock
// turned by hand.
#include "isolation/circuit_breaker.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace tenon;
using namespace std::chrono_literals;
using how = circuit_breaker::outcome;
using phase = circuit_breaker::phase;

namespace {

const breaker_policy policy{
    .failure_ratio = 0.5, .min_calls = 4, .window = 10s, .open = 1s, .longest_open = 3s, .probes = 2};

struct timed_breaker {
  circuit_breaker breaker{policy};
  steady_time now{100s};

  /// Whether it was let in.
  bool call(how outcome) {
    const auto admission = breaker.admit(now);
    if (admission.admitted) breaker.ended(admission, outcome, now);
    return admission.admitted;
  }
  void fail(int times) {
    for (int count = 0; count < times; ++count) call(how::failure);
  }
  phase current() const { return breaker.current(now); }
};

}  // namespace

TEST_CASE("it opens when enough calls were made and enough of them failed") {
  timed_breaker at;
  at.fail(3);
  CHECK(at.current() == phase::closed);
  SUBCASE("the one that makes it enough") {
    at.fail(1);
    CHECK(at.current() == phase::open);
    CHECK_FALSE(at.call(how::success));
  }
  SUBCASE("not while as many succeed and more") {
    for (int count = 0; count < 5; ++count) at.call(how::success);
    at.fail(1);
    CHECK(at.current() == phase::closed);
    at.fail(1);
    CHECK(at.current() == phase::open);
  }
  SUBCASE("not by calls that say nothing") {
    for (int count = 0; count < 100; ++count) at.call(how::neither);
    CHECK(at.current() == phase::closed);
  }
  SUBCASE("not by what the window has left behind") {
    at.now += 10s;
    at.fail(3);
    CHECK(at.current() == phase::closed);
    at.now += 5s;
    at.fail(1);
    CHECK(at.current() == phase::open);
  }
}

TEST_CASE("while it is open it says how long") {
  timed_breaker at;
  at.fail(4);
  at.now += 300ms;
  const auto refused = at.breaker.admit(at.now);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.retry_after == 700ms);
  CHECK(at.breaker.opened() == 1);
}

TEST_CASE("half open it lets in one probe at a time, and closes when enough succeed") {
  timed_breaker at;
  at.fail(4);
  at.now += 1s;
  CHECK(at.current() == phase::half_open);
  const auto probe = at.breaker.admit(at.now);
  REQUIRE(probe.probe);
  CHECK_FALSE(at.breaker.admit(at.now).admitted);
  CHECK_FALSE(at.breaker.ended(probe, how::success, at.now));
  CHECK(at.current() == phase::half_open);
  const auto last = at.breaker.admit(at.now);
  REQUIRE(last.probe);
  CHECK(at.breaker.ended(last, how::success, at.now));
  CHECK(at.current() == phase::closed);
  at.fail(3);
  CHECK(at.current() == phase::closed);  // what failed before is forgotten
}

TEST_CASE("a probe that fails opens it for twice as long, up to the longest") {
  timed_breaker at;
  at.fail(4);
  for (const auto length : {1s, 2s, 3s, 3s}) {
    CHECK(at.breaker.admit(at.now).retry_after == length);
    at.now += length;
    CHECK(at.call(how::failure));
    CHECK(at.current() == phase::open);
  }
  at.now += 3s;
  at.call(how::success);
  at.call(how::success);
  REQUIRE(at.current() == phase::closed);
  at.fail(4);
  CHECK(at.breaker.admit(at.now).retry_after == 1s);  // it begins anew
}

TEST_CASE("a probe that says nothing gives its place to the next") {
  timed_breaker at;
  at.fail(4);
  at.now += 1s;
  CHECK(at.call(how::neither));
  CHECK(at.current() == phase::half_open);
  CHECK(at.call(how::success));
}

TEST_CASE("calls that began before it opened change nothing when they end") {
  timed_breaker at;
  std::vector<circuit_breaker::admission> early;
  for (int count = 0; count < 8; ++count) early.push_back(at.breaker.admit(at.now));
  at.fail(4);
  REQUIRE(at.breaker.opened() == 1);
  at.now += 1s;
  for (const auto& each : early) CHECK_FALSE(at.breaker.ended(each, how::failure, at.now));
  CHECK(at.breaker.opened() == 1);
  CHECK(at.current() == phase::half_open);
}

TEST_CASE("with another platform it begins anew, whatever is still under way") {
  timed_breaker at;
  const auto early = at.breaker.admit(at.now);
  at.fail(4);
  at.now += 1s;
  const auto probe = at.breaker.admit(at.now);
  at.breaker.renew();
  CHECK(at.current() == phase::closed);
  at.fail(3);
  CHECK_FALSE(at.breaker.ended(probe, how::failure, at.now));
  CHECK_FALSE(at.breaker.ended(early, how::failure, at.now));
  CHECK(at.current() == phase::closed);
  at.fail(1);
  CHECK(at.current() == phase::open);
}

TEST_CASE("a ratio of 0 never opens, and closes what is open") {
  timed_breaker at;
  at.fail(4);
  auto never = policy;
  never.failure_ratio = 0;
  at.breaker.set_policy(never);
  CHECK(at.current() == phase::closed);
  at.fail(100);
  CHECK(at.current() == phase::closed);
}
