// Goal: what may pass is tried again in time, what may not is given up at once. Method: every status and failure, at
// both ends of the randomness.
#include "webhooks/webhook_retry.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tenon;
using namespace tenon::tenond;
using namespace std::literals;
using next = webhook_verdict::next;

namespace {

constexpr wall_time now{1'700'000'000s};  // Tue, 14 Nov 2023 22:13:20 GMT
constexpr double most = 0.999999;
const retry_rules rules;

http_result status(unsigned code, std::string retry_after = {}) {
  http_exchange_response made{.status = code, .headers = {}, .body = "what the receiver says"};
  if (!retry_after.empty()) made.headers.emplace_back("retry-after", std::move(retry_after));
  return made;
}

http_result failure(http_failure::kind what) { return http_failure{.what = what, .message = "no way"}; }

webhook_verdict of(const http_result& outcome, std::uint32_t tries = 1, double random = most) {
  return judge(outcome, tries, 1min, now, random, rules);
}

}  // namespace

TEST_CASE("every status is delivered, worth another try, or final") {
  for (unsigned code = 200; code <= 599; ++code) {
    CAPTURE(code);
    const bool passing = code >= 500 || code == 408 || code == 425 || code == 429;
    const auto wanted = code < 300 ? next::delivered : passing ? next::again : next::give_up;
    CHECK(of(status(code)).what == wanted);
  }
}

TEST_CASE("no answer is worth another try, an address that may not be reached is not") {
  using kind = http_failure::kind;
  for (const auto what : {kind::timeout, kind::io, kind::limit, kind::cancelled})
    CHECK(of(failure(what)).what == next::again);
  CHECK(of(failure(kind::invalid)).what == next::give_up);
}

TEST_CASE("the longest pause doubles up to the cap, the shortest is none") {
  CHECK(of(status(503), 1).pause <= 1s);
  CHECK(of(status(503), 1).pause > 990ms);
  CHECK(of(status(503), 4).pause > 7'990ms);
  CHECK(of(status(503), 4).pause <= 8s);
  CHECK(of(status(503), 99).pause <= rules.cap);
  CHECK(of(status(503), 99).pause > rules.cap - 1s);
  CHECK(of(status(503), 99, 0).pause == 0ns);
}

TEST_CASE("a Retry-After is obeyed up to a bound") {
  for (const auto code : {503u, 429u, 408u}) {
    CHECK(of(status(code, "120")).pause == 120s);
    CHECK(of(status(code, "0")).pause <= 1s);
    CHECK(of(status(code, "7200")).pause == 1h);
    CHECK(of(status(code, "99999999999999999999")).pause == 1h);
    CHECK(of(status(code, "Tue, 14 Nov 2023 22:15:20 GMT")).pause == 120s);
    CHECK(of(status(code, "Tue, 14 Nov 2023 22:00:00 GMT")).pause <= 1s);
    CHECK(of(status(code, "Fri, 31 Dec 9999 23:59:59 GMT")).pause == 1h);
    CHECK(of(status(code, "Fri, 14 Nov 2053 22:00:00 GMT")).pause == 1h);
  }
  for (const auto* odd : {"-5", "soon", "5 minutes", " 120", "1e3", "Tue, 14 Nov 2023 22:15:20 GMT+1"})
    CHECK(of(status(503, odd)).pause <= 1s);
  CHECK(of(status(503, "1"), 10).pause > 1s);  // not sooner than we would
}

TEST_CASE("it is given up after so many tries, or so long") {
  CHECK(judge(status(503), rules.most_tries - 1, 1min, now, 0, rules).what == next::again);
  CHECK(judge(status(503), rules.most_tries, 1min, now, 0, rules).what == next::give_up);
  CHECK(judge(status(503), 2, 24h, now, 0, rules).what == next::again);
  CHECK(judge(status(503), 2, 24h + 1s, now, 0, rules).what == next::give_up);
  CHECK(judge(status(503, "3600"), 2, 23h + 1min, now, 0, rules).what == next::give_up);
  CHECK(judge(status(200), 1'000, 48h, now, 0, rules).what == next::delivered);
}

TEST_CASE("trouble says what was found, and nothing that the receiver wrote") {
  CHECK(of(status(404)).trouble == "expected a status of 2xx, found 404");
  CHECK(of(failure(http_failure::kind::invalid)).trouble == "no way");
  CHECK(of(status(503), rules.most_tries).trouble == "expected a status of 2xx, found 503; tried 100 times");
}
