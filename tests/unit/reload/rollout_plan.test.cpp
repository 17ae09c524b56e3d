// Goal: who moves when, what the figures say, and which bytes a tenant is to have. Method: pure functions on values.
#include "reload/rollout_plan.hpp"
#include "reload/rollout_book.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace std::chrono_literals;
using names = std::vector<std::string>;
using kind = rollout_verdict::kind;

namespace {

std::vector<rollout_candidate> ten_tenants() {
  std::vector<rollout_candidate> all;
  for (int number = 0; number < 10; ++number)
    all.push_back(
        {.tenant = "t" + std::to_string(number), .live = number % 2 == 0, .calls = std::uint64_t(100 - number)});
  return all;
}

call_figures figures(std::uint64_t calls, std::uint64_t faults, std::chrono::nanoseconds each) {
  return {.calls = calls, .faults = faults, .time = each * calls};
}

std::shared_ptr<const plugin_image> image(const std::string& name, const std::string& hash) {
  auto made = std::make_shared<plugin_image>();
  made->name = name;
  made->content_hash = hash;
  return made;
}

tenant_entry on(const std::string& plugin, const std::string& name) {
  tenant_entry made;
  made.name = name;
  made.plugin = plugin;
  return made;
}

}  // namespace

TEST_CASE("the canary goes alone, live tenants before the others, the least busy first") {
  const auto waves = plan_waves(ten_tenants(), {.waves = {30, 100}});
  REQUIRE(waves.size() == 3);
  CHECK(waves[0] == names{"t8"});
  CHECK(waves[1] == names{"t6", "t4"});
  CHECK(waves[2] == names{"t2", "t0", "t9", "t7", "t5", "t3", "t1"});
}

TEST_CASE("a named canary goes first, live or not, and waves without a tenant are left out") {
  const auto waves = plan_waves(ten_tenants(), {.canary = "t3", .waves = {1, 2, 10, 100}});
  REQUIRE(waves.size() == 2);
  CHECK(waves[0] == names{"t3"});
  CHECK(waves[1].size() == 9);
  CHECK(plan_waves({{.tenant = "only"}}, {}).size() == 1);
}

TEST_CASE("a request that makes no sense says why") {
  CHECK_FALSE(check_rollout({}));
  for (const auto& waves : std::vector<std::vector<std::uint32_t>>{{}, {50}, {0, 100}, {50, 50, 100}, {100, 50}})
    CHECK(check_rollout({.waves = waves}).value_or("").find("10,50,100") != std::string::npos);
  CHECK(check_rollout({.max_fault_increase = -0.1}));
  CHECK(check_rollout({.max_slowdown = 0.5}));
  CHECK(check_rollout({.watch = -1ms}));
  CHECK_FALSE(check_rollout({.max_slowdown = 0}));
}

TEST_CASE("calls that fail more often or take longer than before are bad, and too few say nothing") {
  const rollout_request limits{.min_calls = 10, .max_fault_increase = 0.1, .max_slowdown = 2};
  const auto before = figures(100, 5, 10ms);
  CHECK(judge(before, figures(9, 9, 1ms), limits).what == kind::unknown);
  CHECK(judge(before, figures(100, 15, 20ms), limits).what == kind::good);
  const auto faults = judge(before, figures(100, 16, 10ms), limits);
  CHECK(faults.what == kind::bad);
  CHECK(faults.reason == "16.0 % of 100 calls failed, before it were 5.0 %, allowed are 15.0 %");
  const auto slow = judge(before, figures(100, 0, 21ms), limits);
  CHECK(slow.what == kind::bad);
  CHECK(slow.reason == "calls take 21.00 ms, before it were 10.00 ms");
  CHECK(judge(figures(9, 0, 1ms), figures(100, 0, 21ms), limits).what == kind::good);  // nothing to compare with
  CHECK(judge({}, figures(100, 11, 1ms), limits).what == kind::bad);
  auto any_time = limits;
  any_time.max_slowdown = 0;
  CHECK(judge(before, figures(100, 0, 1h), any_time).what == kind::good);
  auto none_needed = limits;
  none_needed.min_calls = 0;
  CHECK(judge(before, {}, none_needed).what == kind::good);
  CHECK(judge(before, figures(1, 1, 1ms), none_needed).what == kind::bad);
}

TEST_CASE("while a plugin is rolled out its tenants have what they had until they are moved, whatever lies there") {
  rollout_book book;
  const auto old = image("gam", "old");
  const auto fresh = image("gam", "fresh");
  const auto newer = image("gam", "newer");
  const auto acme = on("gam", "acme");
  const auto beta = on("gam", "beta");
  CHECK(book.instead_of(fresh, acme, nullptr) == nullptr);
  book.begin("gam", fresh, {{"acme", old}, {"beta", old}});
  CHECK(book.instead_of(fresh, acme, nullptr) == old);
  CHECK(book.instead_of(newer, acme, nullptr) == old);
  CHECK(book.instead_of(nullptr, acme, nullptr) == old);  // refused there
  CHECK(book.instead_of(fresh, on("gam", "added"), nullptr) == old);
  CHECK(book.instead_of(fresh, on("kevel", "other"), nullptr) == nullptr);
  book.move("gam", {"acme"});
  CHECK(book.instead_of(newer, acme, nullptr) == fresh);
  CHECK(book.instead_of(newer, beta, nullptr) == old);
  CHECK(book.rolls_out("gam"));
  book.release("gam");  // not in the middle
  CHECK(book.rolls_out("gam"));

  SUBCASE("done: what lies there counts again") {
    book.move("gam", {"beta"});
    book.end("gam");
    CHECK(book.instead_of(newer, acme, nullptr) == nullptr);
  }
  SUBCASE("rolled back: these bytes are not taken until somebody asks, others are") {
    book.roll_back("gam");
    CHECK(book.instead_of(fresh, acme, nullptr) == old);
    book.end("gam");
    CHECK(book.instead_of(fresh, acme, nullptr) == old);
    CHECK(book.instead_of(newer, acme, nullptr) == nullptr);
    book.release("gam");
    CHECK(book.instead_of(fresh, acme, nullptr) == nullptr);
  }
}
