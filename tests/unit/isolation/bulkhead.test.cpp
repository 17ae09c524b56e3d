// Goal: a tenant's calls stay within its limits, wait in order, and are refused with a time to come back. Method: calls
// that a test ends by hand, clock and scheduler likewise.
#include "base/asio_scheduler.hpp"
#include "isolation/bulkheads.hpp"
#include "manual_scheduler.hpp"

#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <vector>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

/// Calls that run until the test ends them.
class world {
 public:
  explicit world(call_limits limits) : all(environment()) { set(limits); }

  bulkhead_environment environment() {
    return {.time = &time,
            .work = work,
            .logger = std::make_shared<spdlog::logger>("test", log),
            .call_timeout = 60s,
            .start = [this](call_request request, reply_handler done) {
              running.push_back({std::move(request), std::move(done)});
            }};
  }
  void set(const call_limits& limits) { all.assign({{"acme", limits}}); }

  /// Where the outcome of a new call will stand.
  std::shared_ptr<std::optional<result<reply>>> call(call_request request) {
    auto outcome = std::make_shared<std::optional<result<reply>>>();
    all.call("acme", std::move(request), [outcome](result<reply> came) { *outcome = std::move(came); });
    return outcome;
  }
  std::shared_ptr<std::optional<result<reply>>> call(const std::string& body = "{}") {
    return call({.task = "get_products", .body = body, .context = {}});
  }

  void end(std::size_t which, result<reply> outcome = reply{"{}"}) {
    auto ending = std::move(running.at(which).done);
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
    ending(std::move(outcome));
    work->run();
  }
  tenant_calls status() const { return all.status_of("acme"); }

  struct running_call {
    call_request request;
    reply_handler done;
  };
  manual_clock time;
  std::shared_ptr<manual_scheduler> work = std::make_shared<manual_scheduler>(time);
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> log = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(100);
  std::vector<running_call> running;
  bulkheads all;
};

std::string code(const std::shared_ptr<std::optional<result<reply>>>& outcome) {
  if (!*outcome) return "waits";
  return (*outcome)->has_value() ? "answered" : (*outcome)->error().code;
}

error failing() { return make_error("SERVICE_UNAVAILABLE", "It failed.", "the upstream is away"); }

}  // namespace

TEST_CASE("so many run, so many wait in order, and the next is told when to come back") {
  world at({.max_calls = 2, .max_queued_calls = 2});
  std::vector<std::shared_ptr<std::optional<result<reply>>>> calls;
  for (const char* body : {"1", "2", "3", "4", "5"}) calls.push_back(at.call(body));
  CHECK(at.running.size() == 2);
  REQUIRE(code(calls[4]) == "RATE_LIMITED");
  CHECK((*calls[4])->error().retry_after_s >= 1);
  CHECK((*calls[4])->error().operator_detail.find("limits.max_calls (2)") != std::string::npos);
  const auto now = at.status();
  CHECK(now.running == 2);
  CHECK(now.queued == 2);
  CHECK(now.refused == 1);
  at.end(0);
  CHECK(code(calls[0]) == "answered");
  REQUIRE(at.running.size() == 2);
  CHECK(at.running[1].request.body == "3");
  at.end(0);
  at.end(0);
  CHECK(at.running.at(0).request.body == "4");
  at.end(0);
  CHECK(code(calls[3]) == "answered");
  CHECK(at.status().running == 0);
  CHECK(at.status().started == 4);
}

TEST_CASE("retry_after follows how long calls take, up to a minute") {
  world at({.max_calls = 1, .max_queued_calls = 0});
  for (int count = 0; count < 50; ++count) {
    at.call();
    at.time.advance(8s);
    at.end(0);
  }
  at.call();
  CHECK((*at.call())->error().retry_after_s == 8);
  at.time.advance(1h);
  at.end(0);
  at.call();
  CHECK((*at.call())->error().retry_after_s == 60);
}

TEST_CASE("the time a call waits is its own") {
  world at({.max_calls = 1});
  at.call();
  auto hasty = call_request{.task = "get_products", .body = "{}", .context = {}};
  hasty.context.deadline = at.time.steady_now() + 2s;
  const auto first = at.call(std::move(hasty));
  const auto second = at.call();
  at.work->advance(3s);
  CHECK(code(first) == "SERVICE_UNAVAILABLE");
  CHECK(code(second) == "waits");
  CHECK(at.status().expired_in_queue == 1);
  at.end(0);
  // It has 60 s from when it came, not from when it began.
  CHECK(at.running.at(0).request.context.deadline == at.time.steady_now() + 57s);
  CHECK(at.work->timers() == 0);
}

TEST_CASE("a task may have less time than the host gives, and never more") {
  world at({.task_timeouts = {{"get_products", 5s}, {"create_media_buy", 300s}}});
  at.call();
  at.call(call_request{.task = "create_media_buy", .body = "{}", .context = {}});
  at.call(call_request{.task = "update_media_buy", .body = "{}", .context = {}});
  CHECK(at.running[0].request.context.deadline == at.time.steady_now() + 5s);
  CHECK(at.running[1].request.context.deadline == at.time.steady_now() + 60s);
  CHECK(at.running[2].request.context.deadline == at.time.steady_now() + 60s);
}

TEST_CASE("bytes are limited for one request, for all that are open, and for an answer") {
  world at({.max_calls = 1, .max_request_bytes = 10, .max_open_bytes = 25, .max_reply_bytes = 4});
  const auto large = at.call(std::string(11, 'x'));
  REQUIRE(code(large) == "INVALID_REQUEST");
  CHECK((*large)->error().suggestion.find("10 bytes") != std::string::npos);
  const auto first = at.call(std::string(10, 'x'));
  const auto second = at.call(std::string(10, 'x'));
  CHECK(code(at.call(std::string(6, 'x'))) == "RATE_LIMITED");
  at.end(0, reply{"12345"});
  CHECK(code(first) == "INTERNAL_ERROR");
  CHECK((*first)->error().by_plugin);
  at.end(0, reply{"1234"});
  CHECK(code(second) == "answered");
  at.call(std::string(10, 'x'));
  CHECK(at.running.size() == 1);
}

TEST_CASE("who wants no answer any more leaves the queue") {
  world at({.max_calls = 1, .max_queued_calls = 1});
  at.call();
  std::stop_source gone;
  call_request request{.task = "get_products", .body = "{}", .context = {}};
  request.context.stop = gone.get_token();
  SUBCASE("after it came") {
    const auto waiting = at.call(request);
    CHECK(code(waiting) == "waits");
    gone.request_stop();
    CHECK(code(waiting) == "SERVICE_UNAVAILABLE");
  }
  SUBCASE("before it came") {
    gone.request_stop();
    CHECK(code(at.call(request)) == "SERVICE_UNAVAILABLE");
  }
  CHECK(at.status().queued == 0);
  CHECK(code(at.call()) == "waits");
}

TEST_CASE("more room lets in who waits") {
  world at({.max_calls = 1});
  for (int count = 0; count < 3; ++count) at.call();
  CHECK(at.running.size() == 1);
  at.set({.max_calls = 2});
  at.work->run();
  CHECK(at.running.size() == 2);
}

TEST_CASE("a tenant that is removed, or a host that ends, answers who waits and lets the others finish") {
  world at({.max_calls = 1});
  const auto runs = at.call();
  const auto waits = at.call();
  SUBCASE("removed") { at.all.assign({}); }
  SUBCASE("ended") {
    at.all.close();
    CHECK(code(at.call()) == "SERVICE_UNAVAILABLE");
  }
  CHECK(code(waits) == "SERVICE_UNAVAILABLE");
  CHECK(code(runs) == "waits");
  at.end(0);
  CHECK(code(runs) == "answered");
  CHECK(at.running.empty());
}

TEST_CASE("when most calls fail they are refused at once, then probed, then let in again") {
  world at({.max_calls = 4, .breaker = {.min_calls = 4, .open = 2s, .probes = 1}});
  for (int count = 0; count < 4; ++count) at.call();
  const auto fifth = at.call();
  for (int count = 0; count < 3; ++count) at.end(0, failing());
  CHECK(code(fifth) == "waits");
  at.end(0, failing());
  CHECK(at.status().state == tenant_calls::breaker::open);
  const auto refused = at.call();
  REQUIRE(code(refused) == "SERVICE_UNAVAILABLE");
  CHECK((*refused)->error().retry_after_s == 2);
  CHECK(at.running.size() == 1);  // the fifth had begun when there was room, before it opened
  at.end(0, failing());
  at.time.advance(2s);
  at.call();
  CHECK(at.running.size() == 1);
  CHECK(code(at.call()) == "SERVICE_UNAVAILABLE");  // one probe at a time
  at.end(0);
  CHECK(at.status().state == tenant_calls::breaker::closed);
  CHECK(at.status().breaker_openings == 1);
  CHECK(at.status().refused_by_breaker == 2);
  const auto lines = at.log->last_formatted();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("tenant acme: most calls fail") != std::string::npos);
  CHECK(lines[0].find("the upstream is away") != std::string::npos);
  CHECK(lines[1].find("calls work again") != std::string::npos);
}

TEST_CASE("who waits when the breaker opens is refused, not tried") {
  world at({.max_calls = 1, .breaker = {.min_calls = 1}});
  at.call();
  const auto waits = at.call();
  at.end(0, failing());
  CHECK(code(waits) == "SERVICE_UNAVAILABLE");
  CHECK(at.running.empty());
}

TEST_CASE("the breaker does not count what is the buyer's or the operator's, nor what the caller gave up") {
  world at({.breaker = {.min_calls = 1}});
  for (const char* each : {"INVALID_REQUEST", "RATE_LIMITED", "CONFIGURATION_ERROR", "INTERNAL_ERROR"}) {
    at.call();
    at.end(0, make_error(each, "No."));
  }
  std::stop_source gone;
  call_request stopped{.task = "get_products", .body = "{}", .context = {}};
  stopped.context.stop = gone.get_token();
  at.call(stopped);
  gone.request_stop();
  at.end(0, failing());
  call_request hasty{.task = "get_products", .body = "{}", .context = {}};
  hasty.context.deadline = at.time.steady_now() + 1s;
  at.call(hasty);
  at.time.advance(1s);
  at.end(0, failing());
  CHECK(at.status().state == tenant_calls::breaker::closed);
  at.call();
  at.time.advance(60s);  // the tenant's own time, for once
  at.end(0, failing());
  CHECK(at.status().state == tenant_calls::breaker::open);
}

TEST_CASE("a task that is submitted says nothing of the ad server, and counts against the plugin's version") {
  world at({.breaker = {.min_calls = 2, .open = 2s, .probes = 1}});
  const auto submitted = [] { return reply{.body = R"({"status":"submitted"})", .unfinished = true}; };
  at.call();
  at.end(0, failing());
  for (int count = 0; count < 10; ++count) {
    at.call();
    at.end(0, submitted());
  }
  CHECK(at.status().ended.faults == 11);
  at.call();
  at.end(0, failing());
  REQUIRE(at.status().state == tenant_calls::breaker::open);
  at.time.advance(2s);
  at.call();  // the probe
  at.end(0, reply{.submitted = std::make_shared<const task_submission>(task_submission{.resume = "later"})});
  CHECK(at.status().state != tenant_calls::breaker::closed);
  at.call();
  at.end(0);
  CHECK(at.status().state == tenant_calls::breaker::closed);
}

TEST_CASE("every call of many threads is answered once, and nothing is left behind") {
  constexpr int threads = 4;
  constexpr int each = 2'000;
  boost::asio::thread_pool work(2);
  std::atomic<int> answered = 0;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::promise<void> all_answered;
  bulkheads all({.time = &system_clock(),
                 .work = std::make_shared<asio_scheduler>(work.get_executor()),
                 .logger = std::make_shared<spdlog::logger>("test"),
                 .start = [&](call_request, reply_handler done) {
                   const int now = ++running;
                   int seen = most;
                   while (now > seen && !most.compare_exchange_weak(seen, now)) continue;
                   std::this_thread::yield();
                   --running;
                   done(reply{"{}"});
                 }});
  all.assign({{"acme", {.max_calls = 3, .max_queued_calls = 1'000'000}}});
  std::vector<std::jthread> callers;
  for (int thread = 0; thread < threads; ++thread) {
    callers.emplace_back([&, thread] {
      for (int count = 0; count < each; ++count) {
        std::stop_source gone;
        call_request request{.task = "get_products", .body = "{}", .context = {}};
        request.context.stop = gone.get_token();
        all.call("acme", std::move(request), [&](result<reply>) {
          if (++answered == threads * each) all_answered.set_value();
        });
        if (count % 3 == thread % 3) gone.request_stop();
      }
    });
  }
  REQUIRE(all_answered.get_future().wait_for(60s) == std::future_status::ready);
  callers.clear();
  CHECK(most <= 3);
  work.join();
  const auto left = all.status_of("acme");
  CHECK(left.queued == 0);
  CHECK(left.running == 0);
  all.close();
}
