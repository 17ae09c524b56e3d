#pragma once

#include "scenario.hpp"

#include <array>
#include <utility>

namespace tenon::model {

/// Something to lease, without a cache around.
template <class Machine>
struct alignas(64) thing final : leasable<relacy_sync<Machine>> {
  thing(lease_owner<relacy_sync<Machine>>& told, int is) : leasable<relacy_sync<Machine>>(told), holds(is) {}
  content holds;
};

/// Makes things, and destroys there and then what is handed back.
template <class Machine>
class maker final : public lease_owner<relacy_sync<Machine>> {
 public:
  thing<Machine>* make(int is) {
    ++alive_;
    return new thing<Machine>(*this, is);
  }
  void unleased(leasable<relacy_sync<Machine>>& node) noexcept override {
    --alive_;
    delete static_cast<thing<Machine>*>(&node);
  }
  int alive() const { return alive_; }

 private:
  int alive_ = 0;
};

/// Things in places where readers find them.
template <class Derived, int Threads, class Machine, std::size_t Places = 1>
struct things : scenario<Derived, Threads, Machine> {
  using sync = relacy_sync<Machine>;
  using access = lease_access<sync>;
  using thing = model::thing<Machine>;

  struct open_lease {
    lease_slot<sync>* slot = nullptr;
    thing* of = nullptr;
  };

  void put(std::size_t where, int is) { places.at(where).store(made.make(is), std::memory_order_release); }

  /// The thing in that place, if it was still there after it was announced.
  open_lease lease(std::size_t where = 0) { return lease(where, access::seat()); }
  open_lease lease(std::size_t where, lease_seat<sync>& of_thread) {
    auto* const seen = places.at(where).load(std::memory_order_acquire);
    if (seen == nullptr) return {};
    auto& slot = this->domain.announce(of_thread, seen, 0);
    if (places.at(where).load(std::memory_order_acquire) == seen) return {&slot, seen};
    this->domain.release(slot, seen);
    return {};
  }

  void end(open_lease of) {
    if (of.of == nullptr) return;
    (void)of.of->holds.read();
    this->domain.release(*of.slot, of.of);
  }

  void look(std::size_t where = 0) { end(lease(where)); }

  /// For one writer.
  void take_out(std::size_t where = 0) {
    auto* const gone = places.at(where).load(std::memory_order_relaxed);
    places.at(where).store(nullptr, std::memory_order_release);
    this->domain.retire(gone);
  }

  /// Once everybody is done: nobody has to come and look.
  void expect_all_gone() const { expect(made.alive() == 0, "expected everything that was retired to be handed back"); }

  std::array<typename sync::template atomic<thing*>, Places> places;
  maker<Machine> made;
};

}  // namespace tenon::model
