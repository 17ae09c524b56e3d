#pragma once

#include "scenario.hpp"

#include "cache/platform_cache.hpp"
#include "manual_clock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tenon {

/// The same in every run, so that a schedule which fails is found again.
keyed_hash make_keyed_hash() { return {0x6A09E667F3BCC908, 0xBB67AE8584CAA73B}; }

}  // namespace tenon

namespace tenon::model {

/// The cache as it serves, on a clock that stands still. A value is the version that its build has read.
template <class Derived, int Threads, class Machine>
struct cached : scenario<Derived, Threads, Machine> {
  using sync = relacy_sync<Machine>;

  struct value {
    value(cached& of, int version) : of(&of), version(version) { ++of.made; }
    value(value&& other) noexcept : of(std::exchange(other.of, nullptr)), version(std::move(other.version)) {}
    value& operator=(value&&) = delete;
    ~value() {
      if (of != nullptr) ++of->destroyed;
    }

    cached* of;
    content version;
  };
  using cache_type = platform_cache<value, sync>;
  using lease = typename cache_type::lease;

  explicit cached(std::size_t size) : held(std::in_place, size, time, unique_function<void()>()) {}

  /// A build of the version that is current, and its end.
  auto build(const std::string& tenant, std::size_t leases = 0) { return store(held->begin_build(tenant), leases); }
  auto store(const typename cache_type::build_ticket& ticket, std::size_t leases = 0) {
    return held->store(ticket, value(*this, current.load(std::memory_order_acquire)), {}, leases);
  }

  lease find(std::string_view tenant) { return held->find(tenant, time.steady_now()); }
  /// 0: not found.
  int look(std::string_view tenant) {
    const auto found = find(tenant);
    return found ? found->version.read() : 0;
  }

  /// Once everybody is done: what has left the cache is there to be destroyed, and nobody has to look for it.
  void expect_all_gone(std::size_t kept) {
    held->dispose();
    expect(static_cast<std::size_t>(made - destroyed) == kept,
           "expected everything that left the cache to be destroyed");
    expect(held->report(time.steady_now()).holders.empty(), "expected no lease");
  }

  testing::manual_clock time;
  atomic<int> current{1};
  int made = 0;
  int destroyed = 0;
  std::optional<cache_type> held;
};

}  // namespace tenon::model
