#pragma once

#include "cache/platform_cache.hpp"
#include "cache_hits.hpp"
#include "cache_trace.hpp"
#include "harness.hpp"
#include "pinned_threads.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

/// What it costs to change the cache: a miss that evicts, and a platform that is dropped and built anew.
namespace tenon::bench {

/// Requests for four times as many tenants as there is room for. A miss is stored, which evicts, retires and destroys
/// the least recently used; the hits between the misses keep the order alive, and are not counted.
class misses {
 public:
  explicit misses(std::size_t size)
      : requests_(tenant_names(4 * size), popularity(4 * size), 1), cache_(size, system_clock(), {}) {
    for (std::size_t number = 0; number < size; ++number) store(tenant_name(number));
    run();
  }

  /// One time through the trace; microseconds per miss.
  double run() {
    double spent = 0;
    std::size_t count = 0;
    for (std::size_t request = 0; request < trace::length; ++request) {
      const auto now = system_clock().steady_now();
      if (cache_.find(requests_[request], now)) continue;
      ++count;
      spent += nanoseconds([&] {
        if (cache_.find(requests_[request], now)) std::abort();
        store(requests_[request]);
        cache_.dispose();
      });
    }
    return spent / static_cast<double>(count) / 1000;
  }

 private:
  void store(std::string_view tenant) { cache_.store(cache_.begin_build(std::string(tenant)), 1, {}); }

  trace requests_;
  platform_cache<std::uint64_t> cache_;
};

/// One thread that drops tenants' platforms and stores new ones, and one that reads all the while.
class churn {
 public:
  explicit churn(std::size_t size)
      : names_(tenant_names(size)),
        requests_(names_, popularity(size), 1),
        platforms_(some_platforms(1)),
        cache_(size, system_clock(), {}) {
    for (const auto& name : names_) store(name);
  }

  struct writer_cost {
    double write_us;    ///< invalidate and store
    double dispose_us;  ///< the destruction of what was dropped, which is not the writer's task in a server
  };
  struct cost {
    writer_cost writer;
    double hit_ns;
  };

  /// So many writes in a row, with nobody else.
  writer_cost write(std::size_t writes) {
    for (std::size_t each = 0; each < writes; ++each) rebuild();
    return taken();
  }

  /// So many writes, `pause` apart, while another thread reads. The reader's figure is the mean of all its lookups,
  /// those that met a write as well as those that did not. Without a pause that is mostly the interrupts by which
  /// dispose() makes the reader's core take a fence, as no server writes.
  cost write_and_read(pinned_threads& threads, std::size_t writes, std::chrono::nanoseconds pause) {
    double reading_ns = 0;
    std::size_t reads = 0;
    std::atomic<bool> reading = false;
    std::atomic<bool> done = false;
    threads.run(2, [&](std::size_t thread) {
      if (thread == 0) {
        for (std::size_t block = 0; !done; block = (block + 1) % blocks, reads += block_size, reading = true)
          reading_ns += nanoseconds([&] { read(block); });
        return;
      }
      while (!reading) {
      }
      auto next = std::chrono::steady_clock::now();
      for (std::size_t each = 0; each < writes; ++each, next += pause) {
        while (std::chrono::steady_clock::now() < next) {
        }
        rebuild();
      }
      done = true;
    });
    return {taken(), reading_ns / static_cast<double>(reads)};
  }

 private:
  void store(const std::string& name) { cache_.store(cache_.begin_build(name), platforms_.front(), {}); }

  /// Another tenant every time, the popular ones as often as the others.
  void rebuild() {
    const auto& name = names_[++writes_ * 7 % names_.size()];
    writing_ns_ += nanoseconds([&] {
      cache_.invalidate(name);
      store(name);
    });
    disposing_ns_ += nanoseconds([&] { cache_.dispose(); });
  }

  writer_cost taken() {
    const auto writes = static_cast<double>(std::exchange(writes_, 0)) * 1000;
    return {std::exchange(writing_ns_, 0) / writes, std::exchange(disposing_ns_, 0) / writes};
  }

  /// A block of lookups, some of which may find nothing, between an invalidate and a store.
  void read(std::size_t block) {
    const auto now = system_clock().steady_now();
    for (auto request = block * block_size; request < (block + 1) * block_size; ++request) {
      if (const auto found = cache_.find(requests_[request], now); found) sum_ += (*found)->first_word;
    }
  }

  const std::vector<std::string> names_;
  const trace requests_;
  const std::vector<platform_handle> platforms_;
  platform_cache<platform_handle> cache_;
  double writing_ns_ = 0;
  double disposing_ns_ = 0;
  std::size_t writes_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace tenon::bench
