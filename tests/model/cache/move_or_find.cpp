// Goal: what stays in the table is found while the items move to another block, and what has been taken out is not.
// Method: a table of eight slots, filled so that the next insertion moves it: to a larger block, or to one of its size
// because of the marks. Readers walk as a find does, and lease what they see.
#include "things.hpp"

#include "cache/slot_table.hpp"

namespace tenon::model {

template <class Derived, int Threads, class Machine>
struct tabled : scenario<Derived, Threads, Machine> {
  using sync = relacy_sync<Machine>;
  using access = lease_access<sync>;

  using thing = model::thing<Machine>;
  using table_type = slot_table<thing, sync>;

  static std::uint64_t hash_of(int name) { return static_cast<std::uint64_t>(name); }

  void insert(int name) {
    const std::lock_guard lock(writer);
    table.reserve_one();
    things.at(static_cast<std::size_t>(name)) = made.make(name);
    table.insert(hash_of(name), *things.at(static_cast<std::size_t>(name)));
  }

  void take_out(int name) {
    thing* gone = things.at(static_cast<std::size_t>(name));
    {
      const std::lock_guard lock(writer);
      table.take_out(hash_of(name), *gone);
    }
    this->domain.retire(gone);
    this->domain.collect();
  }

  /// As platform_cache::find(), which has more to look at.
  bool find(int name) {
    typename table_type::walk at(table, hash_of(name));
    while (auto* const seen = at.seek()) {
      auto& slot = this->domain.announce(access::seat(), seen, 0);
      const bool there = at.is_there();
      const bool found = there && seen->holds.read() == name;
      this->domain.release(slot, seen);
      if (found) return true;
      if (there)
        at.pass();
      else
        at.restart();
    }
    return false;
  }

  void expect_only(std::initializer_list<int> names) {
    expect(made.alive() == static_cast<int>(names.size()), "expected what was taken out to be handed back");
    for (const int name : names) {
      expect(find(name), "expected what is in the table");
      take_out(name);
    }
  }

  table_type table{2, 4};
  mutex writer;
  std::array<thing*, 16> things{};
  maker<Machine> made;
};

template <class Machine>
struct growth : tabled<growth<Machine>, 3, Machine> {
  void before() {
    for (const int name : {1, 2, 3, 4}) this->insert(name);
  }

  void run(unsigned thread) {
    if (thread == 0) {
      this->insert(5);
      expect(this->find(5), "expected what was inserted");
    }
    if (thread == 1) {
      (void)this->find(2);
      expect(this->find(3), "expected what is in the table");
    }
    if (thread == 2) {
      this->take_out(2);
      expect(!this->find(2), "expected nothing where it was taken out");
    }
  }

  void after() { this->expect_only({1, 3, 4, 5}); }
};

/// Two items, and two marks in front of them which they keep from being cleared.
template <class Machine>
struct renewal : tabled<renewal<Machine>, 3, Machine> {
  void before() {
    for (const int name : {7, 8, 1, 2}) this->insert(name);
    for (const int name : {8, 7}) this->take_out(name);
  }

  void run(unsigned thread) {
    if (thread == 0) this->insert(5);
    if (thread == 1) {
      (void)this->find(2);
      expect(this->find(1), "expected what is in the table");
    }
    if (thread == 2) {
      this->take_out(2);
      expect(!this->find(2), "expected nothing where it was taken out");
    }
  }

  void after() { this->expect_only({1, 5}); }
};

/// Away and back again, while a reader may stand still.
template <class Machine>
struct return_to_a_block : tabled<return_to_a_block<Machine>, 3, Machine> {
  void before() {
    for (const int name : {7, 8, 1, 2}) this->insert(name);
    for (const int name : {8, 7}) this->take_out(name);
  }

  void run(unsigned thread) {
    if (thread == 0) {
      for (const int name : {7, 8}) this->insert(name);
      for (const int name : {8, 7}) this->take_out(name);
      this->insert(5);
    } else {
      expect(this->find(2), "expected what is in the table");
      (void)this->find(7);
    }
  }

  void after() { this->expect_only({1, 2, 5}); }
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<growth>("growth", 20'000) &&
                     at_random_everywhere<renewal>("renewal", 20'000) &&
                     at_random_everywhere<return_to_a_block>("return to a block", 20'000);
  return holds ? 0 : 1;
}
