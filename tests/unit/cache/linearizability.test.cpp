// Goal: for each tenant the cache behaves as if its calls came one after the other, whatever threads make them at once.
// Method: many short histories of threads that find, build, replace and invalidate, each searched for an order in which
// one thread could have seen it (linearizability.hpp). What concerns all tenants stands in the history of each. The
// search itself is tried on histories that are known to have an order, and to have none.
#include "linearizability.hpp"

#include "cache/platform_cache.hpp"

#include <doctest/doctest.h>

#include <array>
#include <barrier>
#include <compare>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace tenon;
using namespace tenon::testing;

namespace {

/// What one tenant sees of the cache. A value is a number above zero, 0 is none; builds have numbers of their own.
struct step {
  enum class kind : std::uint8_t { find, begin, store, replace, invalidate, invalidate_all };
  kind what;
  int build = 0;     ///< of begin and store
  int value = 0;     ///< that was put in, or found
  bool did = false;  ///< store: kept; replace: there was one; invalidate: there was one
};

struct one_tenant {
  int value = 0;
  std::set<int> current;  ///< builds in flight that are not outdated

  bool apply(const step& taken) {
    switch (taken.what) {
      case step::kind::find: return taken.value == value;
      case step::kind::begin: return current.insert(taken.build).second;
      case step::kind::store: {
        const bool kept = current.erase(taken.build) != 0;
        if (kept) value = taken.value;
        return taken.did == kept;
      }
      case step::kind::replace: {
        const bool there = value != 0;
        if (there) put(taken.value);
        return taken.did == there;
      }
      case step::kind::invalidate: {
        const bool there = value != 0;
        put(0);
        return taken.did == there;
      }
      case step::kind::invalidate_all: put(0); return true;
    }
    return false;
  }
  auto operator<=>(const one_tenant&) const = default;

 private:
  void put(int next) {
    value = next;
    current.clear();
  }
};

using search = linearizability<one_tenant, step>;
using history = std::vector<timed<step>>;

constexpr std::size_t tenants = 2;
constexpr int threads = 3;
constexpr int rounds = 3'000;
constexpr int steps_each = 7;

/// The histories of a round, by tenant, as one thread has seen them.
using seen = std::array<history, tenants>;

class actor {
 public:
  actor(platform_cache<int>& cache, history_clock& time, unsigned seed) : cache_(cache), time_(time), random_(seed) {}

  seen take_round(int first_value) {
    seen made;
    next_value_ = first_value;
    for (int count = 0; count < steps_each; ++count) act(made);
    return made;
  }

 private:
  void act(seen& made) {
    const std::size_t tenant = random_() % tenants;
    const auto name = "tenant-" + std::to_string(tenant);
    auto& mine = made[tenant];
    switch (random_() % 8) {
      case 0: return note(mine, {step::kind::invalidate}, [&](step& taken) { taken.did = cache_.invalidate(name); });
      case 1: {
        if (random_() % 2 != 0) return;
        history once;
        note(once, {step::kind::invalidate_all}, [&](step&) { cache_.invalidate(); });
        for (auto& each : made) each.push_back(once.front());
        return;
      }
      case 2:
        return note(mine, {step::kind::replace, 0, ++next_value_},
                    [&](step& taken) { taken.did = cache_.replace(name, taken.value, for_ever); });
      case 3:
      case 4: return build(mine, name);
      default:
        return note(mine, {step::kind::find}, [&](step& taken) {
          if (const auto found = cache_.find(name, now())) taken.value = *found;
        });
    }
  }

  void build(history& mine, const std::string& name) {
    const int number = ++next_value_;
    std::optional<platform_cache<int>::build_ticket> ticket;
    note(mine, {step::kind::begin, number}, [&](step&) { ticket.emplace(cache_.begin_build(name)); });
    if (random_() % 2 == 0) std::this_thread::yield();
    note(mine, {step::kind::store, number, number},
         [&](step& taken) { taken.did = cache_.store(*ticket, taken.value, for_ever).kept; });
  }

  template <class Act>
  void note(history& into, step taken, Act act) {
    const auto called = time_.tick();
    if (random_() % 4 == 0) std::this_thread::yield();  // so that more of them overlap
    act(taken);
    if (random_() % 4 == 0) std::this_thread::yield();
    into.push_back({taken, called, time_.tick()});
  }

  static steady_time now() { return std::chrono::steady_clock::now(); }
  static constexpr lifetime for_ever{
      .refresh_at = steady_time::max(), .expires_at = steady_time::max(), .gone_at = steady_time::max()};

  platform_cache<int>& cache_;
  history_clock& time_;
  std::minstd_rand random_;
  int next_value_ = 0;
};

history in_turn(std::initializer_list<step> steps) {
  history made;
  std::uint64_t now = 0;
  for (const auto& each : steps) {
    made.push_back({each, now + 1, now + 2});
    now += 2;
  }
  return made;
}

using what = step::kind;

}  // namespace

TEST_CASE("the search finds an order where there is one, and none where there is none") {
  CHECK(search::holds({}));
  CHECK(search::holds(in_turn({{what::begin, 1}, {what::store, 1, 7, true}, {what::find, 0, 7}})));
  CHECK_FALSE(search::holds(in_turn({{what::begin, 1}, {what::store, 1, 7, true}, {what::find, 0, 0}})));
  // An invalidate outdates the build that began before it, whether or not somebody looks in between.
  CHECK_FALSE(search::holds(in_turn({{what::begin, 1}, {what::invalidate, 0, 0, false}, {what::store, 1, 7, true}})));
  CHECK(search::holds(in_turn({{what::begin, 1}, {what::invalidate_all}, {what::store, 1, 7, false}, {what::find}})));
  CHECK_FALSE(search::holds(
      in_turn({{what::begin, 1}, {what::store, 1, 7, true}, {what::replace, 0, 8, true}, {what::find, 0, 7}})));

  // What overlaps may come in either order; what had returned may not come later.
  const history stored = in_turn({{what::begin, 1}, {what::store, 1, 7, true}});
  auto overlapping = stored;
  overlapping.push_back({{what::invalidate, 0, 0, true}, 5, 10});
  overlapping.push_back({{what::find, 0, 7}, 6, 9});
  CHECK(search::holds(overlapping));
  overlapping.push_back({{what::find, 0, 0}, 7, 8});
  CHECK(search::holds(overlapping));
  overlapping.push_back({{what::find, 0, 7}, 11, 12});
  CHECK_FALSE(search::holds(overlapping));
}

TEST_CASE("every tenant's history has an order in which one thread could have seen it") {
  platform_cache<int> cache(16, system_clock(), {});
  history_clock time;
  std::vector<seen> by_thread(threads);
  std::barrier in_step(threads + 1);
  std::atomic<int> awake = 0;
  std::vector<std::jthread> running;
  for (int each = 0; each < threads; ++each) {
    running.emplace_back([&, each] {
      actor acts(cache, time, static_cast<unsigned>(each + 1) * 7919u);
      for (int round = 0; round < rounds; ++round) {
        in_step.arrive_and_wait();
        ++awake;
        while (awake < (round + 1) * threads) std::this_thread::yield();
        by_thread[static_cast<std::size_t>(each)] = acts.take_round(1000 * (each + 1));
        in_step.arrive_and_wait();
      }
    });
  }
  std::size_t without_order = 0, overlapped = 0;
  for (int round = 0; round < rounds; ++round) {
    in_step.arrive_and_wait();  // they begin
    in_step.arrive_and_wait();  // they have ended
    for (std::size_t tenant = 0; tenant < tenants; ++tenant) {
      history all;
      for (const auto& one : by_thread) all.insert(all.end(), one[tenant].begin(), one[tenant].end());
      std::ranges::sort(all, {}, [](const auto& each) { return each.called; });
      for (std::size_t at = 1; at < all.size(); ++at) overlapped += all[at].called < all[at - 1].returned ? 1 : 0;
      REQUIRE(all.size() <= search::longest);
      if (!search::holds(all)) ++without_order;
    }
    cache.invalidate();
    cache.dispose();
  }
  CHECK(without_order == 0);
  CHECK(overlapped > 100);
}
