// Goal: under threads no lease ever reads a destroyed value, no find that starts after an invalidate has returned sees
// an older version, and every value is destroyed exactly once. Method: values with a mark that their destructor wipes,
// and with the version that their build read; leases are held, handed to other threads and outlive the threads that
// took them. TENON_STRESS_SECONDS makes it run that long.
#include "cache/platform_cache.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t tenants = 6;
constexpr int of_no_version = -1;
constexpr std::uint64_t whole = 0x600DF00D600DF00D;

std::atomic<int> made{0}, destroyed{0}, broken{0}, outdated{0};

struct value {
  explicit value(int read) : version(read) { ++made; }
  value(value&& other) noexcept
      : mark(other.mark.load()), version(other.version), counts(std::exchange(other.counts, false)) {}
  value& operator=(value&&) = delete;
  ~value() {
    if (mark.exchange(0) != whole) ++broken;
    if (counts) ++destroyed;
  }

  std::atomic<std::uint64_t> mark{whole};
  int version;
  bool counts = true;
};

using cache = tenon::platform_cache<value>;

struct shared_world {
  std::array<std::atomic<int>, tenants> raised{};       // the version a build reads
  std::array<std::atomic<int>, tenants> invalidated{};  // at least this version must be seen by who looks now
  cache held{4, tenon::system_clock(), {}};

  std::mutex mutex;
  std::deque<cache::lease> handed_over;

  /// Leaves a lease to whoever comes next, and ends one that somebody else took.
  void hand_over(cache::lease lease) {
    cache::lease other;
    const std::lock_guard lock(mutex);
    handed_over.push_back(std::move(lease));
    if (handed_over.size() < 40) return;
    other = std::move(handed_over.front());
    handed_over.pop_front();
  }
};

void raise(std::atomic<int>& least, int to) {
  for (int seen = least.load(); seen < to && !least.compare_exchange_weak(seen, to);) {
  }
}

void look(const cache::lease& lease) {
  if (lease->mark.load() != whole) ++broken;
}

class worker {
 public:
  worker(shared_world& world, unsigned seed) : world_(world), random_(seed) {}
  ~worker() {
    for (auto& each : mine_) world_.hand_over(std::move(each));  // they outlive this thread
  }

  void step() {
    const auto tenant = random_() % tenants;
    const auto name = "tenant-" + std::to_string(tenant);
    auto& held = world_.held;
    switch (random_() % 24) {
      case 0: return invalidate(tenant, [&] { held.invalidate(name); });
      case 1: return held.invalidate();
      case 2: return (void)held.purge_expired(now());
      case 3: return (void)held.dispose();
      case 4: return (void)held.report(now());
      case 5: return replace(name);
      case 6:
        if (!mine_.empty()) mine_.pop_front();
        return;
      default: return request(tenant, name);
    }
  }

 private:
  static tenon::steady_time now() { return std::chrono::steady_clock::now(); }
  static tenon::lifetime shortly() {
    const auto end = now() + 1ms;
    return {.refresh_at = end, .expires_at = end, .gone_at = end};
  }

  template <class Drop>
  void invalidate(std::size_t tenant, Drop drop) {
    const int version = world_.raised[tenant].fetch_add(1) + 1;
    drop();
    raise(world_.invalidated[tenant], version);
  }

  /// A successor that was built elsewhere is of no version: nothing ties it to what an invalidate is about.
  void replace(const std::string& name) {
    if (!world_.held.replace(name, value(of_no_version), shortly())) world_.held.dispose();
  }

  void request(std::size_t tenant, const std::string& name) {
    const int least = world_.invalidated[tenant].load();
    if (auto found = world_.held.find(name, now())) {
      look(found);
      if (found->version < least && found->version != of_no_version) ++outdated;
      return keep(std::move(found));
    }
    const auto ticket = world_.held.begin_build(name);
    const int version = world_.raised[tenant].load();
    if (random_() % 4 == 0) std::this_thread::yield();
    for (auto& each : world_.held.store(ticket, value(version), shortly(), random_() % 3).leases) keep(std::move(each));
  }

  void keep(cache::lease lease) {
    if (random_() % 2 == 0) return;
    if (random_() % 4 == 0) return world_.hand_over(std::move(lease));
    mine_.push_back(std::move(lease));
    for (const auto& each : mine_) look(each);
    if (mine_.size() > 50) mine_.clear();  // more than a record's slots
  }

  shared_world& world_;
  std::minstd_rand random_;
  std::deque<cache::lease> mine_;
};

std::chrono::seconds asked_time() {
  const char* const said = std::getenv("TENON_STRESS_SECONDS");
  return std::chrono::seconds(said == nullptr ? 0 : std::atoi(said));
}

}  // namespace

TEST_CASE(
    "threads come and go while their leases are held and handed on: nothing is read after its end, all ends once") {
  const auto until = std::chrono::steady_clock::now() + asked_time();
  {
    shared_world world;
    unsigned seed = 1;
    for (int generation = 0; generation < 12 || std::chrono::steady_clock::now() < until; ++generation) {
      std::vector<std::jthread> threads;
      for (int each = 0; each < 4; ++each) {
        threads.emplace_back([&world, seed = seed++] {
          worker works(world, seed * 7919);
          for (int step = 0; step < 1'500; ++step) works.step();
        });
      }
    }
    world.handed_over.clear();
    world.held.dispose();
    CHECK(world.held.report(std::chrono::steady_clock::now()).holders.empty());
    CHECK(world.held.builds_in_flight() == 0);
  }
  CHECK(broken == 0);
  CHECK(outdated == 0);
  CHECK(made == destroyed);
  MESSAGE(made.load() << " values");
}
