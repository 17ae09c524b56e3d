// Goal: the lag of a slow reader is the time that it let answers wait, less what it took, over all of its answers.
// Method: made-up times.
#include "http_server/minimum_rate.hpp"

#include <doctest/doctest.h>

using namespace std::literals;
using tenon::http::minimum_rate;

namespace {

constexpr auto second = minimum_rate::bytes_per_second;
const auto start = std::chrono::steady_clock::time_point() + 1h;

}  // namespace

TEST_CASE("who takes nothing lags by the time of the write") {
  minimum_rate rate;
  rate.write_begins(start);
  CHECK(rate.since() == start);
  rate.taken(second / 2, start + 10s);
  CHECK(rate.since() == start + 500ms);
}

TEST_CASE("who trickles through one answer after the other lags by the sum, and not by the time between") {
  minimum_rate rate;
  auto now = start;
  for (int answer = 1; answer <= 100; ++answer) {
    rate.write_begins(now);
    now += 900ms;
    rate.taken(second / 8, now);
    CHECK(now - rate.since() == answer * 775ms);
    rate.write_ends(now);
    now += 1min;  // the handler, or the client's next request
  }
}

TEST_CASE("who catches up has no lag, and gains nothing in advance") {
  minimum_rate rate;
  rate.write_begins(start);
  rate.taken(0, start + 10s);
  rate.taken(1000 * second, start + 10s);
  CHECK(rate.since() == start + 10s);
  rate.write_ends(start + 10s);
  rate.write_begins(start + 20s);
  CHECK(rate.since() == start + 20s);
  rate.taken(second, start + 23s);
  CHECK(rate.since() == start + 21s);
}
