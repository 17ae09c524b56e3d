#pragma once

#include "cache/build_counters.hpp"
#include "cache/cache_entry.hpp"
#include "cache/cache_lease.hpp"
#include "cache/cache_report.hpp"
#include "cache/keyed_hash.hpp"
#include "cache/lease_domain.hpp"
#include "cache/ordered_heap.hpp"
#include "cache/slot_table.hpp"
#include "cache/use_order.hpp"

#include <tenon/clock.hpp>
#include <tenon/unique_function.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

/// A bounded map from tenant to `Value`: exact LRU, an end for every value, and generations which keep a build that
/// lost to an invalidate from being stored.
///
/// It knows keys, time and generations, nothing else: how long a value lives is said when it is stored, and what leaves
/// is destroyed when its owner calls dispose(), on whatever thread that is.
///
/// A hit takes no lock and writes nothing that another thread writes, but the stamp of its last use, once per tick (see
/// use_order).
///
/// Lifetime    The clock outlives the cache, the cache outlives its tickets and its calls; leases may outlive it.
/// Threads     Any, concurrently; a ticket or a lease: one thread at a time. `wake` is called on any of them, outside
///             every lock, and for the last time when the cache's end and a last release meet; it does not throw.
/// Errors      std::bad_alloc, from whatever returns by value; nothing has changed then.
/// Cost        A hit: a hash, a probe, two stores that wait for the write buffer. Memory: at most `size` values and
///             those that are leased, and a counter per tenant with a build in flight.
template <class Value, class Sync = std_sync>
class platform_cache {
  using access = lease_access<Sync>;
  using entry = cache_entry<Value, Sync>;
  using queue = disposal_queue<Value, Sync>;
  using node = leasable<Sync>;
  using walk = typename slot_table<entry, Sync>::walk;
  using heap_by_end = ordered_heap<steady_time, entry, &entry::place_by_end>;

 public:
  using lease = cache_lease<Value, Sync>;

  /// The generations a build was started against. Whoever builds holds it from before the build until after store().
  class build_ticket {
   public:
    build_ticket(build_ticket&& other) noexcept : cache_(std::exchange(other.cache_, nullptr)), taken_(other.taken_) {}
    build_ticket& operator=(build_ticket&&) = delete;
    ~build_ticket() {
      if (cache_ == nullptr) return;
      const std::lock_guard lock(cache_->mutex_);
      cache_->builds_.end(taken_);
    }

    const std::string& tenant() const noexcept { return taken_.tenant(); }

    /// Whether no invalidate and no replace touched the tenant since.
    bool current() const {
      const std::lock_guard lock(cache_->mutex_);
      return cache_->builds_.current(taken_);
    }

   private:
    friend platform_cache;
    build_ticket(platform_cache& cache, build_counters::ticket taken) noexcept : cache_(&cache), taken_(taken) {}

    platform_cache* cache_;
    build_counters::ticket taken_;
  };

  struct stored {
    bool kept;
    std::uint64_t generation;
    std::vector<lease> leases;
  };

  /// `size` at least 1. `wake`: there is something for dispose(), or for take_events() if they are wanted.
  platform_cache(std::size_t size, const clock& time, unique_function<void()> wake, bool wants_events = false)
      : size_(size),
        time_(time),
        hash_(make_keyed_hash()),
        disposal_(std::make_shared<queue>(wake ? wake.spare() : unique_function<void()>())),
        wake_(std::move(wake)),
        table_(size),
        builds_(hash_),
        changes_(wants_events) {}
  platform_cache(const platform_cache&) = delete;
  platform_cache& operator=(const platform_cache&) = delete;
  ~platform_cache() {
    invalidate();
    access::domain().collect();
    queue::destroy(disposal_->close());
  }

  /// The tenant's value if it is fresh at `now`; empty otherwise. A hit becomes the most recently used. Inlined, so
  /// that a lease that is used at once lives in registers.
  [[gnu::always_inline]] lease find(std::string_view tenant, steady_time now) {
    walk at(table_, hash_(tenant));
    auto* const seen = at.seek();
    if (seen == nullptr) return {};
    auto* const slot = access::domain().announce_at_hand(access::seat(), seen, now.time_since_epoch().count());
    if (slot != nullptr && at.is_there() && seen->name.equals(tenant)) [[likely]] {
      // The lease is made where the caller wants it: one made earlier and then moved there would be read back before
      // it is written, which stops the processor from running on to the next request.
      if (const auto state = serves(*seen, now); state != lease::state::none) [[likely]]
        return lease(*slot, *seen, state);
    }
    return find_with_care(tenant, now, slot);
  }

  /// As find(), under the lock: what is stored at the same time is seen or not stored yet. `is_use`: as in find().
  lease find_again(std::string_view tenant, steady_time now, bool is_use = true) {
    const std::lock_guard lock(mutex_);
    auto* const held = look_up(hash_(tenant), tenant);
    if (held == nullptr || now > held->life.expires_at) return {};
    const bool due = now.time_since_epoch().count() > held->attention_ns.load(std::memory_order_relaxed);
    if (is_use) held->used(uses_.hit_stamp(now));
    return pin(*held, now, due ? lease::state::refresh_due : lease::state::fresh);
  }

  /// The tenant's value if it has expired and is not gone yet. No use of it, as far as the order is concerned.
  lease find_stale(std::string_view tenant, steady_time now) {
    const std::lock_guard lock(mutex_);
    auto* const held = look_up(hash_(tenant), tenant);
    if (held == nullptr || now <= held->life.expires_at || now > held->life.gone_at) return {};
    return pin(*held, now, lease::state::stale);
  }

  /// Call it before the build reads anything that an invalidate is about.
  build_ticket begin_build(const std::string& tenant) {
    const std::lock_guard lock(mutex_);
    return build_ticket(*this, builds_.begin(tenant));
  }

  /// A value that is ready to be stored. It belongs to the caller until it is.
  using prepared = std::unique_ptr<entry>;
  prepared prepare(std::string_view tenant, Value value, const lifetime& life) const {
    auto made = std::make_unique<entry>(tenant, std::move(value), disposal_);
    made->hash = hash_(tenant);
    made->live_for(life);
    return made;
  }

  /// Keeps the outcome of a build as the most recently used value, unless its ticket is outdated. The leases are taken
  /// before anybody can find it or take it out; what is not kept lives until the last of them. `only_over`: a refresh,
  /// which is kept only in the place of that generation, and is no use of the tenant.
  stored store(const build_ticket& ticket, prepared&& fresh, std::size_t leases = 0, std::uint64_t only_over = 0) {
    stored outcome{false, 0, {}};
    outcome.leases.reserve(leases);
    node* gone = nullptr;
    {
      const std::lock_guard lock(mutex_);
      number(*fresh);
      outcome.generation = fresh->number;
      reserve_one();
      const auto now = time_.steady_now();
      while (outcome.leases.size() < leases) outcome.leases.push_back(pin(*fresh, now, lease::state::fresh));
      auto* const former = look_up(fresh->hash, ticket.tenant());
      outcome.kept =
          builds_.current(ticket.taken_) && (only_over == 0 || (former != nullptr && former->number == only_over));
      auto& entered = *fresh.release();
      if (!outcome.kept)
        leave(entered, removal::lost, gone);
      else if (former != nullptr)
        substitute(*former, entered, only_over == 0 ? uses_.next_stamp(now) : last_use(*former), gone);
      else
        admit(entered, uses_.next_stamp(now), gone);
    }
    finish(gone);
    return outcome;
  }
  stored store(const build_ticket& ticket, Value value, const lifetime& life, std::size_t leases = 0,
               std::uint64_t only_over = 0) {
    return store(ticket, prepare(ticket.tenant(), std::move(value), life), leases, only_over);
  }

  /// Puts a value in the place of the tenant's live one and outdates its builds in flight; false, and what was prepared
  /// is disposed of, if there is no live value. The place in the LRU order stays, as a successor is no use of the
  /// tenant.
  bool replace(std::string_view tenant, prepared&& fresh) {
    node* gone = nullptr;
    bool replaced = false;
    {
      const std::lock_guard lock(mutex_);
      number(*fresh);
      reserve_one();
      auto* const former = look_up(fresh->hash, tenant);
      replaced = former != nullptr && time_.steady_now() <= former->life.expires_at;
      auto& entered = *fresh.release();
      if (replaced) {
        builds_.outdate(tenant);
        substitute(*former, entered, last_use(*former), gone);
      } else {
        leave(entered, removal::lost, gone);
      }
    }
    finish(gone);
    return replaced;
  }
  bool replace(std::string_view tenant, Value value, const lifetime& life) {
    return replace(tenant, prepare(tenant, std::move(value), life));
  }

  /// Drops the tenant's value and outdates its builds in flight; whether there was a value. Unknown tenants are fine.
  bool invalidate(std::string_view tenant) noexcept {
    node* gone = nullptr;
    {
      const std::lock_guard lock(mutex_);
      builds_.outdate(tenant);
      if (auto* const held = look_up(hash_(tenant), tenant); held != nullptr)
        take_out(*held, removal::invalidated, gone);
    }
    return finish(gone);
  }

  /// Drops every value and outdates every build in flight. For readers that is one step; what was there is taken out
  /// of the table a few at a time, so that nobody waits for all of it.
  void invalidate() noexcept {
    typename use_order<entry, Sync>::entries dropped;
    {
      const std::lock_guard lock(mutex_);
      builds_.outdate_all();
      epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
      dropped = uses_.take_all();
      by_end_ = {};
    }
    sweep(dropped);
  }

  /// Lets the next hit say refresh_due(); the generation of the value, 0 if there is none.
  std::uint64_t mark_stale(std::string_view tenant) noexcept {
    const std::lock_guard lock(mutex_);
    auto* const held = look_up(hash_(tenant), tenant);
    if (held == nullptr) return 0;
    held->attend_at(steady_time::min());
    return held->number;
  }

  /// Hits on that generation say refresh_due() no earlier than after `until`.
  void postpone_refresh(std::string_view tenant, std::uint64_t generation, steady_time until) noexcept {
    const std::lock_guard lock(mutex_);
    auto* const held = look_up(hash_(tenant), tenant);
    if (held != nullptr && held->number == generation) held->attend_at(std::min(until, held->life.expires_at));
  }

  /// Drops what is gone; how many. For the owner's timer: an idle tenant's value goes without traffic.
  std::size_t purge_expired(steady_time now) noexcept {
    node* gone = nullptr;
    std::size_t count = 0;
    {
      const std::lock_guard lock(mutex_);
      for (; !by_end_.empty() && by_end_.first().key < now; ++count)
        take_out(*by_end_.first().item, removal::expired, gone);
    }
    finish(gone);
    return count;
  }

  /// When purge_expired() will next find something: later than this instant. Nothing while no value has an end.
  std::optional<steady_time> next_expiry() const {
    const std::lock_guard lock(mutex_);
    if (by_end_.empty() || by_end_.first().key == steady_time::max()) return std::nullopt;
    return by_end_.first().key;
  }

  /// The tenants with a fresh value, sorted.
  std::vector<std::string> tenants(steady_time now) const {
    std::vector<std::string> names;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& each : uses_.all()) {
        if (now <= each.item->life.expires_at) names.emplace_back(each.item->name.text());
      }
    }
    std::ranges::sort(names);
    return names;
  }

  /// How many tenants have a build in flight.
  std::size_t builds_in_flight() const {
    const std::lock_guard lock(mutex_);
    return builds_.size();
  }

  /// Destroys, on this thread, what left the cache and nobody leases; how many.
  std::size_t dispose() noexcept {
    access::domain().collect();
    auto* const list = disposal_->take();
    if (list == nullptr) return 0;
    {
      const std::lock_guard lock(mutex_);
      for (auto* each = list; each != nullptr; each = queue::following(each))
        note(cache_event::change::disposed, *each);
    }
    return queue::destroy(list);
  }

  /// What changed since the last time, in the order in which it changed.
  std::vector<cache_event> take_events() noexcept {
    const std::lock_guard lock(mutex_);
    return changes_.take();
  }

  /// Cost: a look at every value. For status, not for requests.
  cache_report report(steady_time now) const;

 private:
  /// What find() does when the first look is not enough: no slot is at hand, somebody was faster, the value does not
  /// serve or, hardly ever, another name has the same hash. Apart, and called last, so that a hit saves few registers.
  [[gnu::cold, gnu::noinline]] lease find_with_care(std::string_view tenant, steady_time now,
                                                    lease_slot<Sync>* announced) {
    auto& domain = access::domain();
    if (announced != nullptr) domain.release(*announced, announced->held.load(std::memory_order_relaxed));
    walk at(table_, hash_(tenant));
    while (auto* const seen = at.seek()) {
      auto& slot = domain.announce(access::seat(), seen, now.time_since_epoch().count());
      if (!at.is_there()) [[unlikely]] {
        at.restart();  // somebody replaced it, took it out or moved the table: every time is a step ahead
      } else if (seen->name.equals(tenant)) [[likely]] {
        if (const auto state = serves(*seen, now); state != lease::state::none) [[likely]]
          return lease(slot, *seen, state);
        domain.release(slot, seen);
        break;
      } else {
        at.pass();
      }
      domain.release(slot, seen);
    }
    return {};
  }

  /// Whether the entry that was found under the tenant's name counts, and as what.
  typename lease::state serves(entry& seen, steady_time now) const noexcept {
    if (seen.epoch != epoch_.load(std::memory_order_acquire)) [[unlikely]]
      return lease::state::none;
    auto state = lease::state::fresh;
    if (now.time_since_epoch().count() > seen.attention_ns.load(std::memory_order_relaxed)) [[unlikely]] {
      if (now > seen.life.expires_at) return lease::state::none;
      state = lease::state::refresh_due;
    }
    seen.used(uses_.hit_stamp(now));
    return state;
  }

  static std::uint64_t last_use(const entry& of) noexcept { return of.stamp.load(std::memory_order_relaxed); }

  void number(entry& fresh) noexcept {
    fresh.number = ++numbers_;
    fresh.epoch = epoch_.load(std::memory_order_relaxed);
  }

  void reserve_one() {
    table_.reserve_one();
    uses_.reserve_one();
    by_end_.reserve_one();
  }

  /// In the table, whatever its epoch.
  entry* in_table(std::uint64_t hash, std::string_view tenant) const noexcept {
    return table_.find(hash, [tenant](const entry& each) { return each.name.equals(tenant); });
  }

  entry* look_up(std::uint64_t hash, std::string_view tenant) const noexcept {
    auto* const held = in_table(hash, tenant);
    return held != nullptr && held->epoch == epoch_.load(std::memory_order_relaxed) ? held : nullptr;
  }

  /// For who holds the lock, which keeps `held` from being retired.
  lease pin(entry& held, steady_time now, typename lease::state state) {
    return lease(access::domain().announce(access::seat(), &held, now.time_since_epoch().count()), held, state);
  }

  void admit(entry& fresh, std::uint64_t stamp, node*& gone) noexcept {
    while (uses_.size() >= size_) take_out(uses_.least_recently_used(), removal::size, gone);
    enter(fresh, stamp);
    if (auto* const swept = in_table(fresh.hash, fresh.name.text()); swept != nullptr) {
      swept->in_table = false;  // of an older epoch: whoever sweeps that has it
      table_.exchange(fresh.hash, *swept, fresh);
    } else {
      table_.insert(fresh.hash, fresh);
    }
  }

  void substitute(entry& former, entry& fresh, std::uint64_t stamp, node*& gone) noexcept {
    uses_.take_out(former);
    by_end_.take_out(former);
    former.in_table = false;
    enter(fresh, stamp);
    table_.exchange(fresh.hash, former, fresh);
    leave(former, removal::replaced, gone);
  }

  void enter(entry& fresh, std::uint64_t stamp) noexcept {
    fresh.in_table = true;
    uses_.insert(fresh, stamp);
    by_end_.insert(fresh.life.gone_at, fresh);
    note(cache_event::change::stored, fresh);
  }

  void take_out(entry& held, removal cause, node*& gone) noexcept {
    uses_.take_out(held);
    by_end_.take_out(held);
    table_.take_out(held.hash, held);
    held.in_table = false;
    leave(held, cause, gone);
  }

  /// Onto the list of what is to be retired once the lock is released.
  void leave(entry& held, removal cause, node*& gone) noexcept {
    held.cause = cause;
    ++removed_[static_cast<std::size_t>(cause)];
    held.retired_at = time_.steady_now();
    held.next = std::exchange(gone, &held);
    note(cache_event::change::removed, held);
  }

  void sweep(const typename use_order<entry, Sync>::entries& dropped) noexcept {
    constexpr int at_a_time = 256;
    for (auto at = dropped.begin(); at != dropped.end();) {
      node* gone = nullptr;
      {
        const std::lock_guard lock(mutex_);
        for (int count = 0; count < at_a_time && at != dropped.end(); ++count, ++at) {
          if (std::exchange(at->item->in_table, false)) table_.take_out(at->item->hash, *at->item);
          leave(*at->item, removal::invalidated, gone);
        }
      }
      finish(gone);
    }
  }

  bool finish(node* gone) noexcept {
    const bool tell = gone != nullptr || changes_.wanted();
    access::domain().retire(gone);
    if (tell && wake_) wake_();
    return gone != nullptr;
  }

  void note(cache_event::change what, const entry& of) noexcept {
    changes_.note(what, of.name.text(), of.number, of.cause);
  }

  const std::size_t size_;
  const clock& time_;
  const keyed_hash hash_;
  const std::shared_ptr<queue> disposal_;
  unique_function<void()> wake_;

  // What hits read: written by writers only, and apart from what writers write all the time.
  alignas(64) slot_table<entry, Sync> table_;
  typename Sync::template atomic<std::uint64_t> epoch_{1};
  use_order<entry, Sync> uses_;

  alignas(64) mutable typename Sync::mutex mutex_;
  heap_by_end by_end_;
  build_counters builds_;
  std::uint64_t numbers_ = 0;
  std::array<std::uint64_t, removals> removed_{};
  change_log changes_;
};

template <class Value, class Sync>
cache_report platform_cache<Value, Sync>::report(steady_time now) const {
  std::vector<std::pair<const node*, std::int64_t>> held;  // sorted: equal nodes stand together, the oldest lease first
  cache_report made;
  const auto look = [&](const entry& each, bool retired) {
    const auto first = std::ranges::lower_bound(held, std::pair<const node*, std::int64_t>(&each, INT64_MIN));
    std::size_t leases = 0;
    for (auto at = first; at != held.end() && at->first == &each; ++at) ++leases;
    if (leases == 0) return;
    made.holders.push_back({std::string(each.name.text()), each.number, leases,
                            now.time_since_epoch() - std::chrono::nanoseconds(first->second), retired,
                            retired ? now - each.retired_at : std::chrono::nanoseconds::zero()});
  };
  const std::lock_guard lock(mutex_);
  access::domain().for_each_lease([&](const node* what, std::int64_t since_ns) { held.emplace_back(what, since_ns); });
  std::ranges::sort(held);
  made.size = uses_.size();
  made.removed = removed_;
  for (const auto& each : uses_.all()) look(*each.item, false);
  access::domain().for_each_retired([&](const node& each) {
    if (each.owner == static_cast<lease_owner<Sync>*>(disposal_.get())) look(static_cast<const entry&>(each), true);
  });
  return made;
}

}  // namespace tenon
