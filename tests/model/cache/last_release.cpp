// Goal: the last release hands back what was retired, whichever it is, and no earlier one does.
// Method: leases are open before the threads begin. They end on other threads than the one that took them, while a
// writer retires and collects, and while a reader may announce in vain what the others release.
#include "things.hpp"

namespace tenon::model {

template <class Machine>
struct two_releases : things<two_releases<Machine>, 3, Machine> {
  void before() {
    this->put(0, 1);
    for (auto& each : open) each = this->lease();
  }

  void run(unsigned thread) {
    if (thread != 2) {
      this->end(open.at(thread));
      return;
    }
    this->take_out();
    this->domain.collect();
  }

  void after() { this->expect_all_gone(); }

  std::array<typename two_releases::open_lease, 2> open;
};

/// Retired and collected long ago: only releases, and an announcement in vain, are left to find out.
template <class Machine>
struct a_release_and_a_look : things<a_release_and_a_look<Machine>, 3, Machine> {
  void before() {
    this->put(0, 1);
    open = this->lease();
  }

  void run(unsigned thread) {
    if (thread == 0) this->end(open);
    if (thread == 1) this->look();
    if (thread == 2) {
      this->take_out();
      this->domain.collect();
      this->look();
    }
  }

  void after() { this->expect_all_gone(); }

  typename a_release_and_a_look::open_lease open;
};

/// Two things, each with a lease that ends beside the other's: who takes one from its list leaves the other's bit.
template <class Machine>
struct two_things : things<two_things<Machine>, 3, Machine, 2> {
  void before() {
    for (unsigned each : {0u, 1u}) {
      this->put(each, 1);
      open.at(each) = this->lease(each);
    }
  }

  void run(unsigned thread) {
    if (thread != 2) {
      this->end(open.at(thread));
      return;
    }
    this->take_out(0);
    this->domain.collect();
    this->take_out(1);
    this->domain.collect();
  }

  void after() { this->expect_all_gone(); }

  std::array<typename two_things::open_lease, 2> open;
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<two_releases>("two releases", 30'000) &&
                     completely_everywhere<two_releases>("two releases", 2) &&
                     at_random_everywhere<a_release_and_a_look>("a release and a look", 30'000) &&
                     completely_everywhere<a_release_and_a_look>("a release and a look", 2) &&
                     at_random_everywhere<two_things>("two things", 30'000);
  return holds ? 0 : 1;
}
