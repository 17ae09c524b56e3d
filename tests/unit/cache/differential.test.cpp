// Goal: whatever is done to it, the cache does what the reference does, and every value is destroyed once.
// Method: random commands with shrinking (rapidcheck) on both, on a clock that moves a tick before each, so that the
// order of use is exact. Tickets and leases are held over other commands.
#include "cache/platform_cache.hpp"
#include "manual_clock.hpp"
#include "reference_cache.hpp"
#include "timed_cache.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

enum class what {
  find,
  find_again,
  begin,
  store,
  store_with_leases,
  refresh,
  replace,
  invalidate,
  invalidate_all,
  mark_stale,
  postpone,
  purge,
  find_stale,
  peek,
  advance,
  hold,
  drop,
  dispose
};
constexpr int kinds = 18;

struct command {
  what kind;
  int tenant;
  int amount;
};

std::ostream& operator<<(std::ostream& out, const command& each) {
  return out << '{' << static_cast<int>(each.kind) << ", " << each.tenant << ", " << each.amount << '}';
}

using value = std::shared_ptr<const int>;
using cache = tenon::platform_cache<value>;
using reference = tenon::testing::reference_cache<int>;

/// Both caches, side by side.
class pair {
 public:
  explicit pair(std::size_t size) : held_(size, time_, {}), model_(size) {}

  void run(const command& each) {
    time_.advance(tenon::testing::one_tick);
    const auto name = "tenant-" + std::to_string(each.tenant);
    switch (each.kind) {
      case what::find: return compare(held_.find(name, now()), model_.find(name, now()));
      case what::find_again: return compare(held_.find_again(name, now()), model_.find(name, now()));
      case what::find_stale: return compare(held_.find_stale(name, now()), model_.find_stale(name, now()));
      case what::peek: return compare(held_.find_again(name, now(), false), model_.peek(name, now()));
      case what::begin: return begin(name);
      case what::store: return store(name, each.amount, 0);
      case what::store_with_leases: return store(name, each.amount, 2);
      case what::refresh: return refresh(name, each.amount);
      case what::replace: {
        const int made = ++made_;
        RC_ASSERT(held_.replace(name, live(made), life(each.amount)) ==
                  model_.replace(name, made, life(each.amount), now()));
        return;
      }
      case what::invalidate: return RC_ASSERT(held_.invalidate(name) == model_.invalidate(name));
      case what::invalidate_all: return held_.invalidate(), model_.invalidate();
      case what::mark_stale: return RC_ASSERT(held_.mark_stale(name) == model_.mark_stale(name));
      case what::postpone: return postpone(name, each.amount);
      case what::purge: return RC_ASSERT(held_.purge_expired(now()) == model_.purge_expired(now()));
      case what::advance: return time_.advance(std::chrono::seconds(each.amount));
      case what::hold: return hold(name);
      case what::drop:
        if (!leases_.empty()) leases_.pop_front();
        return;
      case what::dispose: held_.dispose(); return;
    }
  }

  void check() {
    RC_ASSERT(held_.tenants(now()) == model_.tenants(now()));
    RC_ASSERT(held_.next_expiry() == model_.next_expiry());
    RC_ASSERT(held_.report(now()).size == model_.size());
    for (const auto& each : tickets_) RC_ASSERT(each.first.current() == model_.current(each.second));
    for (const auto& each : leases_) RC_ASSERT(**each.first == each.second);
  }

  void end() {
    leases_.clear();
    tickets_.clear();
    held_.dispose();
    RC_ASSERT(static_cast<std::size_t>(alive_.use_count()) == model_.size() + 1);
  }

 private:
  tenon::steady_time now() const { return time_.steady_now(); }
  value live(int number) const {
    return {new int(number), [counted = alive_](const int* gone) { delete gone; }};
  }

  tenon::lifetime life(int amount) const {
    if (amount % 4 == 0) return {};
    const auto end = now() + std::chrono::seconds(amount);
    return {.refresh_at = now() + std::chrono::seconds(amount / 2), .expires_at = end, .gone_at = end + 3s};
  }

  void compare(const cache::lease& found, const reference::entry* expected) const {
    RC_ASSERT(static_cast<bool>(found) == (expected != nullptr));
    if (!found) return;
    RC_ASSERT(**found == expected->value);
    RC_ASSERT(found.generation() == expected->number);
    RC_ASSERT(found.stale() == (now() > expected->life.expires_at));
    if (!found.stale()) RC_ASSERT(found.refresh_due() == reference::refresh_due(*expected, now()));
  }

  void begin(const std::string& name) {
    if (tickets_.size() < 4) tickets_.emplace_back(held_.begin_build(name), model_.begin_build(name));
  }

  void store(const std::string& name, int amount, std::size_t leases) {
    if (tickets_.empty()) begin(name);
    const int made = ++made_;
    auto stored = held_.store(tickets_.front().first, live(made), life(amount), leases);
    RC_ASSERT(stored.kept == model_.store(tickets_.front().second, made, life(amount)));
    for (auto& each : stored.leases) leases_.emplace_back(std::move(each), made);
    tickets_.pop_front();
  }

  void refresh(const std::string& name, int amount) {
    const auto found = held_.find(name, now());
    const auto* const expected = model_.find(name, now());
    if (!found) return;
    const auto ticket = held_.begin_build(name);
    const auto over = expected->number + (amount % 5 == 0 ? 1 : 0);  // or of something that is not there
    const int made = ++made_;
    RC_ASSERT(held_.store(ticket, live(made), life(amount), 0, over).kept ==
              model_.store(model_.begin_build(name), made, life(amount), over));
  }

  void postpone(const std::string& name, int amount) {
    const auto found = held_.find(name, now());
    if (!model_.find(name, now())) return;
    const auto until = now() + std::chrono::seconds(amount);
    held_.postpone_refresh(name, found.generation(), until);
    model_.postpone_refresh(name, found.generation(), until);
  }

  void hold(const std::string& name) {
    auto found = held_.find(name, now());
    const auto* const expected = model_.find(name, now());
    compare(found, expected);
    if (found) leases_.emplace_back(std::move(found), expected->value);
  }

  tenon::testing::manual_clock time_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  ///< counted by the values that live
  cache held_;
  reference model_;
  std::deque<std::pair<cache::build_ticket, reference::ticket>> tickets_;
  std::deque<std::pair<cache::lease, int>> leases_;
  int made_ = 0;
};

}  // namespace

template <>
struct rc::Arbitrary<command> {
  static Gen<command> arbitrary() {
    return gen::build<command>(
        gen::set(&command::kind, gen::map(gen::inRange(0, kinds), [](int kind) { return static_cast<what>(kind); })),
        gen::set(&command::tenant, gen::inRange(0, 6)), gen::set(&command::amount, gen::inRange(0, 12)));
  }
};

TEST_CASE("random commands do to the cache what they do to the reference") {
  for (const std::size_t size : {1u, 2u, 3u, 8u}) {
    CAPTURE(size);
    CHECK(rc::check([size](const std::vector<command>& commands) {
      pair both(size);
      for (const auto& each : commands) {
        both.run(each);
        both.check();
      }
      both.end();
    }));
  }
}
