// tools/bench cache: what a hit costs beside a lookup that does nothing else (the limit), a cache under a mutex and one
// under a shared mutex; what a miss and a write cost; and whether that is what we require. The candidates take turns in
// every round, so that whatever else the machine does hits all of them alike, and the requirements compare figures of
// the same round. A figure is the median of the rounds, each of which is the median of its blocks of lookups.

#include "allocations.hpp"
#include "cache_hits.hpp"
#include "cache_trace.hpp"
#include "cache_writes.hpp"
#include "harness.hpp"
#include "pinned_threads.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace tenon::bench {
namespace {

constexpr std::array<std::size_t, 3> sizes{256, 4096, 100'000};
constexpr int rounds = 15;
constexpr std::size_t writes = 20'000;

std::string key(const std::string& name, std::size_t size, std::size_t threads) {
  return name + '_' + std::to_string(size) + '_' + std::to_string(threads) + "t_ns";
}

std::vector<contender> contenders(const std::vector<std::string>& names,
                                  const std::vector<platform_handle>& platforms) {
  std::vector<contender> all{contend<limit>("limit", names, platforms), contend<leased>("hit", names, platforms),
                             contend<mutex_lru>("mutex_lru", names, platforms),
                             contend<shared_mutex_cache>("shared_mutex", names, platforms)};
  if (names.size() > sizes.front()) return all;
  all.push_back(contend<limit_sparse>("limit_sparse", names, platforms));
  all.push_back(contend<leased_by_the_clock>("hit_coarse", names, platforms));
  all.push_back(contend<loop>("loop", names, platforms));
  return all;
}

/// Each round has caches of its own: which names collide, and so which branches a processor guesses wrong, is another
/// matter of luck in each.
void measure_hits(std::size_t size, pinned_threads& threads, report& into) {
  const auto names = tenant_names(size);
  const auto platforms = some_platforms(size);
  const popularity popular(size);
  const std::array<trace, 2> requests{trace(names, popular, 1), trace(names, popular, 2)};
  for (int round = 0; round < rounds; ++round) {
    const auto all = contenders(names, platforms);
    for (const std::size_t count : {1, 2}) {
      for (const auto& each : all) {
        auto took = block_times(threads, count, blocks,
                                [&](std::size_t thread, std::size_t block) { each.look_up(requests[thread], block); });
        std::ranges::nth_element(took, took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2));
        into.add(key(each.name, size, count), took[took.size() / 2] / block_size);
      }
    }
  }
}

void measure_allocations(pinned_threads& threads, report& into) {
  const auto names = tenant_names(sizes.front());
  const auto hits = contend<leased>("hit", names, some_platforms(names.size()));
  const trace requests(names, popularity(names.size()), 1);
  threads.run(1, [&](std::size_t) {
    hits.look_up(requests, 0);
    const auto before = allocations();
    for (std::size_t block = 0; block < blocks; ++block) hits.look_up(requests, block);
    into.add("allocations_per_hit", static_cast<double>(allocations() - before) / trace::length);
  });
}

void measure_misses(std::size_t size, pinned_threads& threads, report& into) {
  misses each(size);
  for (int round = 0; round < rounds; ++round) {
    threads.run(1, [&](std::size_t) { into.add("miss_evict_" + std::to_string(size) + "_us", each.run()); });
  }
}

void measure_churn(pinned_threads& threads, report& into) {
  churn each(sizes.front());
  for (int round = 0; round < rounds; ++round) {
    threads.run(1, [&](std::size_t) {
      const auto alone = each.write(writes);
      into.add("write_us", alone.write_us);
      into.add("dispose_us", alone.dispose_us);
    });
    const auto storm = each.write_and_read(threads, writes, std::chrono::nanoseconds(0));
    into.add("write_with_readers_us", storm.writer.write_us);
    into.add("dispose_with_readers_us", storm.writer.dispose_us);
    into.add("hit_256_storm_ns", storm.hit_ns);
    into.add("hit_256_churn_ns", each.write_and_read(threads, 200, std::chrono::milliseconds(1)).hit_ns);
  }
}

constexpr int callgrind_blocks = 4;
constexpr int callgrind_processes = 5;

/// In a process of its own, under callgrind, which counts in look_up() alone.
int take_hits(const std::string& name) {
  const auto names = tenant_names(sizes.front());
  const auto platforms = some_platforms(names.size());
  const trace requests(names, popularity(names.size()), 1);
  const auto cache = name == "limit" ? contend<limit>(name, names, platforms) : contend<leased>(name, names, platforms);
  for (int block = 0; block < callgrind_blocks; ++block) cache.look_up(requests, block);
  return EXIT_SUCCESS;
}

/// Instructions that callgrind counts while `command` looks up; 0 if it cannot.
double instructions(const std::string& command) {
  const auto full = "valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*bench::look_up<*' " +
                    command + " 2>&1";
  FILE* child = popen(full.c_str(), "r");
  if (child == nullptr) return 0;
  double counted = 0;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), child) != nullptr) {
    int process = 0;
    std::sscanf(line.data(), "==%d== Collected : %lf", &process, &counted);
  }
  return pclose(child) == 0 ? counted : 0;
}

/// Several processes, as each has another hash.
void measure_instructions(const std::string& self, report& into) {
  for (int process = 0; process < callgrind_processes; ++process) {
    for (const std::string name : {"limit", "hit"}) {
      const auto counted = instructions(self + " --hits " + name);
      if (counted == 0) {
        std::fprintf(stderr, "bench: expected valgrind to count %s_instructions, found that it did not; left out\n",
                     name.c_str());
        return;
      }
      into.add(name + "_instructions", counted / (callgrind_blocks * block_size));
    }
  }
}

/// A line for each figure that the cache is required to keep. They inform; the exit code does not depend on them.
class requirements {
 public:
  explicit requirements(const report& made) : made_(made) {
    std::printf("%-52s %10s %10s\n", "required", "found", "allowed");
  }

  void tell(const std::string& what, const std::string& key, const std::string& times_of) {
    std::printf("%-52s %10.2f\n", what.c_str(), made_.ratio(key, times_of));
  }
  void at_most(const std::string& what, double allowed, const std::string& key) {
    line(what, made_.median(key), "<=", allowed, made_.median(key) <= allowed);
  }
  void at_most(const std::string& what, double allowed, const std::string& key, const std::string& times_of) {
    const auto found = made_.ratio(key, times_of);
    line(what, found, "<=", allowed, found <= allowed);
  }
  void at_least(const std::string& what, double needed, const std::string& key, const std::string& times_of) {
    const auto found = made_.ratio(key, times_of);
    line(what, found, ">=", needed, found >= needed);
  }

 private:
  static void line(const std::string& what, double found, const char* relation, double bound, bool met) {
    std::printf("%-52s %10.2f %2s %7.2f  %s\n", what.c_str(), found, relation, bound, met ? "met" : "MISSED");
  }

  const report& made_;
};

void print_requirements(const report& made) {
  requirements required(made);
  required.at_most("hit / limit, 256 tenants, 1 thread", 1.4, "hit_256_1t_ns", "limit_256_1t_ns");
  required.tell("the same, the limit with a table as sparse", "hit_256_1t_ns", "limit_sparse_256_1t_ns");
  for (const auto size : sizes) {
    const auto tenants = std::to_string(size) + " tenants";
    required.at_most("hit on 2 threads / on 1, " + tenants, 1.25, key("hit", size, 2), key("hit", size, 1));
    required.at_least("mutex_lru / hit, 2 threads, " + tenants, 20, key("mutex_lru", size, 2), key("hit", size, 2));
  }
  required.at_most("allocations per hit", 0, "allocations_per_hit");
  required.at_most("miss, evict, retire, destroy, 256 tenants, us", 1, "miss_evict_256_us");
  required.at_most("miss, evict, retire, destroy, 100000 tenants, us", 10, "miss_evict_100000_us");
  // Without a bound: a writer waits for no reader, and what it costs beside one is memory that moves between cores.
  required.tell("write with a reader / without", "write_with_readers_us", "write_us");
}

int run(const std::string& self, const options& asked) {
  pinned_threads threads(2);
  report into("cache", asked.commit);
  for (const auto size : sizes) measure_hits(size, threads, into);
  measure_allocations(threads, into);
  measure_misses(256, threads, into);
  measure_misses(100'000, threads, into);
  measure_churn(threads, into);
  measure_instructions(self, into);
  const auto delivered = deliver(into, asked);
  std::printf("threads: %s\n\n", threads.conditions().c_str());
  print_requirements(into);
  return delivered;
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--hits") return tenon::bench::take_hits(argv[2]);
  const auto self = std::filesystem::canonical("/proc/self/exe").string();
  return tenon::bench::run(self, tenon::bench::read_options(argc, argv));
}
