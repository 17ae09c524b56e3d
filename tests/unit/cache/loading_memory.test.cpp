// Goal: when memory runs out at any step, everybody who waits is told, no build's place is lost, nothing is left
// behind, and afterwards the cache is what it was. Method: a history with every kind of step, run once for each of its
// allocations, which fails; alone, or with all that follow until the history is over. Handlers look into the cache when
// they are destroyed, so that one which is destroyed under its lock never returns.
#include "loading_world.hpp"

#include <cstdlib>
#include <new>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

enum class shortage { none, once, lasting };

shortage kind = shortage::none;
long left = 0;     ///< allocations that still succeed
long counted = 0;  ///< since armed

bool fails() noexcept {
  ++counted;
  if (kind == shortage::none || left-- > 0) return false;
  if (kind == shortage::once) kind = shortage::none;
  return true;
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (fails()) throw std::bad_alloc();
  if (void* const got = std::malloc(bytes)) return got;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {  // of values' entries, tables and leases
  if (fails()) throw std::bad_alloc();
  const auto whole = static_cast<std::size_t>(alignment);
  if (void* const got = std::aligned_alloc(whole, (bytes + whole - 1) / whole * whole)) return got;
  throw std::bad_alloc();
}
void operator delete(void* gone) noexcept { std::free(gone); }
void operator delete(void* gone, std::align_val_t) noexcept { std::free(gone); }
void operator delete(void* gone, std::size_t, std::align_val_t) noexcept { std::free(gone); }
void operator delete(void* gone, std::size_t) noexcept { std::free(gone); }

namespace {

struct nosy {
  explicit nosy(loading_world::cache& seen) noexcept : watched(&seen) {}
  nosy(nosy&& other) noexcept : watched(std::exchange(other.watched, nullptr)) {}
  ~nosy() {
    if (watched != nullptr) (void)watched->counts();
  }
  loading_world::cache* watched;
};

struct request {
  bool accepted = false;
  int answers = 0;
  std::optional<loading_world::outcome> got;
};

/// What may be short of memory: nothing in here checks anything, as checks need memory themselves.
struct history {
  explicit history(loading_options options) : at(std::move(options)) { requests.reserve(32); }

  template <class Step>
  void attempt(Step step) noexcept {
    try {
      step();
    } catch (const std::bad_alloc&) {  // the caller is told
    }
  }

  void get(const char* tenant, std::stop_token stop = {}) {
    attempt([&] {
      auto& mine = requests.emplace_back();
      at.held->get(tenant, std::move(stop), [&mine, looks = nosy(*at.held)](loading_world::outcome got) {
        ++mine.answers;
        mine.got.emplace(std::move(got));
      });
      mine.accepted = true;
    });
  }
  void end(bool succeeds) {
    attempt([&] {
      if (at.builds.empty()) return;
      auto first = std::move(at.builds.front());
      at.builds.pop_front();
      if (succeeds)
        first.done(std::make_shared<made>("a value whose name is not short", at.alive));
      else
        first.done(make_error("SERVICE_UNAVAILABLE", "it failed"));
    });
    run();
  }
  void run() {
    attempt([&] { at.run(); });
  }
  void advance(std::chrono::nanoseconds by) {
    attempt([&] { at.advance(by); });
  }

  void play() {
    get(alone);
    get(alone);  // joins
    get(behind);
    get(third, leaves.get_token());
    end(true);
    end(false);
    leaves.request_stop();
    run();
    get(behind);  // is refused, or tries
    advance(2s);
    get(behind);
    advance(31s);  // is too late
    end(true);
    attempt([&] { at.held->mark_stale(alone); });
    run();
    end(false);  // its refresh
    at.held->invalidate(alone);
    get(alone);
    end(true);
  }

  static constexpr const char* alone = "a tenant whose name is not short";
  static constexpr const char* behind = "a tenant that stands in line behind it";
  static constexpr const char* third = "a tenant that nobody waits for";
  loading_world at;
  std::stop_source leaves;
  std::vector<request> requests;
};

/// Without a time limit nothing but the build's own end frees its place.
loading_options crowded(std::chrono::seconds build_timeout = 30s) {
  auto options = coalescing();
  options.max_builds = 1;
  options.build_timeout = build_timeout;
  options.freshness.time_to_live = 600s;
  options.freshness.stale_if_error = 600s;
  return options;
}

void play_short_of_memory(std::chrono::seconds build_timeout, long failing, shortage how) {
  history now(crowded(build_timeout));
  left = failing;
  kind = how;
  now.play();
  kind = shortage::none;
  CAPTURE(failing);
  for (int round = 0; round < 20; ++round) now.end(true);  // what still runs, and what it let wait
  now.advance(120s);
  for (const auto& each : now.requests) {
    CHECK(each.answers <= 1);
    if (each.accepted) CHECK(each.answers == 1);
  }
  now.requests.clear();
  now.at.held->invalidate();
  now.run();
  CHECK(now.at.alive == 0);
  for (const auto* tenant : {history::alone, history::behind, history::third})
    CHECK(now.at.build_now(tenant, "works") == "works");
}

long allocations_of_history(std::chrono::seconds build_timeout) {
  history now(crowded(build_timeout));
  counted = 0;
  now.play();
  return counted;
}

}  // namespace

TEST_CASE("G6 one allocation that fails, whichever it is, leaves nobody waiting and no place taken") {
  for (const auto build_timeout : {30s, 0s}) {
    const long all = allocations_of_history(build_timeout);
    CHECK(all > 100);
    for (long failing = 0; failing < all; ++failing) play_short_of_memory(build_timeout, failing, shortage::once);
  }
}

TEST_CASE("G6 memory that runs out at any step and comes back later leaves nobody waiting and no place taken") {
  for (const auto build_timeout : {30s, 0s}) {
    const long all = allocations_of_history(build_timeout);
    for (long failing = 0; failing < all; ++failing) play_short_of_memory(build_timeout, failing, shortage::lasting);
  }
}

TEST_CASE("L3 a shutdown that memory is too short for has not begun; else everybody is told") {
  bool through = false;
  for (long failing = 0; !through; ++failing) {
    REQUIRE(failing < 1000);
    history now(crowded());
    now.get(history::alone);
    now.get(history::behind);
    bool begun = false;
    int ends = 0;
    left = failing;
    kind = shortage::once;
    now.attempt([&] {
      now.at.held->shut_down(60s, [&ends](const cache_remains&) { ++ends; });
      begun = true;
    });
    now.run();
    through = std::exchange(kind, shortage::none) == shortage::once;
    CAPTURE(failing);
    if (!begun) {
      now.end(true);
      now.end(true);
    }
    for (const auto& each : now.requests) CHECK(each.answers == 1);
    for (auto& each : now.requests) CHECK(each.got->has_value() != begun);
    now.requests.clear();
    now.at.builds.clear();
    now.run();
    now.advance(60s);
    CHECK(ends == (begun ? 1 : 0));
    if (begun) CHECK(now.at.alive == 0);
  }
}
