#pragma once

#include "cache/loading_cache.hpp"
#include "manual_clock.hpp"
#include "manual_scheduler.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tenon::testing {

/// Randomness that a test sets.
struct set_random final : random_source {
  double uniform() noexcept override { return next; }
  double next = 0;
};

/// A platform, as far as a cache is concerned: it has a name, and it is counted while it lives.
struct made {
  made(std::string named, int& counted) : name(std::move(named)), alive(counted) { ++alive; }
  made(const made&) = delete;
  made& operator=(const made&) = delete;
  ~made() { --alive; }

  const std::string name;
  int& alive;
};

/// A loading_cache whose builds end when the test says so, on a clock and a scheduler turned by hand.
struct loading_world {
  using cache = loading_cache<std::shared_ptr<made>>;
  using outcome = result<cache::lease>;

  struct build {
    std::string tenant;
    std::stop_token stop;
    cache::built_handler done;
  };

  explicit loading_world(loading_options options = {}) {
    // Not the world's own cycle: the cache goes with the world.
    held = cache::make(
        time, scheduler, random,
        [this](const std::string& tenant, std::stop_token stop, cache::built_handler done) {
          ++started;
          builds.push_back({tenant, std::move(stop), std::move(done)});
          if (on_build) on_build();
        },
        std::move(options));
  }
  ~loading_world() {
    builds.clear();  // who still waits is answered
    run();
    answers.clear();
    held.reset();
    run();  // what is posted holds the scheduler
  }

  /// Asks for a tenant; the answer will be in answers[].
  std::size_t get(const std::string& tenant, std::stop_token stop = {}) {
    const auto place = answers.size();
    answers.emplace_back();
    held->get(tenant, std::move(stop), [this, place](outcome got) {
      if (answers[place]) FAIL_CHECK("a waiter is answered twice");
      answers[place].emplace(std::move(got));
    });
    return place;
  }

  /// Ends the oldest build with a value of this name, or with an error.
  void succeed(const std::string& name) { end(std::make_shared<made>(name, alive)); }
  void fail(const std::string& code, std::uint32_t retry_after_s = 0) {
    auto failure = make_error(code, "it failed");
    failure.retry_after_s = retry_after_s;
    end(std::move(failure));
  }
  void end(result<std::shared_ptr<made>> built) {
    REQUIRE(!builds.empty());
    auto first = std::move(builds.front());
    builds.pop_front();
    first.done(std::move(built));
    first = {};
    run();
  }
  void run() { scheduler->run(); }
  void advance(std::chrono::nanoseconds by) { scheduler->advance(by); }

  /// What came of a request: the value's name, the error's code, or "waits".
  std::string answer(std::size_t place) const {
    if (!answers[place]) return "waits";
    const auto& got = *answers[place];
    return got ? (**got)->name : got.error().code;
  }
  error failure(std::size_t place) const { return answers[place]->error(); }
  void drop(std::size_t place) {
    answers[place].reset();
    run();
  }

  /// The name of what a hit finds, or nothing.
  std::string found(const std::string& tenant) {
    const auto hit = held->find(tenant);
    return hit ? (*hit)->name : std::string();
  }
  /// As found(), on a miss built at once with this name.
  std::string build_now(const std::string& tenant, const std::string& name) {
    const auto place = get(tenant);
    succeed(name);
    auto got = answer(place);
    drop(place);
    return got;
  }

  manual_clock time;
  std::shared_ptr<manual_scheduler> scheduler = std::make_shared<manual_scheduler>(time);
  std::shared_ptr<set_random> random = std::make_shared<set_random>();
  int alive = 0;
  int started = 0;
  std::function<void()> on_build;
  std::deque<build> builds;
  std::vector<std::optional<outcome>> answers;
  std::shared_ptr<cache> held;
};

/// Options with everything on that a busy server wants.
inline loading_options coalescing() { return {.cold_start = cold_start::coalesce, .on_failure = on_failure::backoff}; }

}  // namespace tenon::testing
