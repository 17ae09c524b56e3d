// Goal: what a reader has leased lives until its release, and what is retired goes as soon as nobody leases it.
// Method: readers find one thing while a writer takes it out and retires it. Whoever comes last, the thing must be
// handed back by then, once: also if the last was a reader that announced it in vain.
#include "things.hpp"

namespace tenon::model {

template <class Machine>
struct announce_or_retire : things<announce_or_retire<Machine>, 3, Machine> {
  void before() { this->put(0, 1); }

  void run(unsigned thread) {
    if (thread != 2) {
      this->look();
      return;
    }
    this->take_out();
    this->domain.collect();
  }

  void after() { this->expect_all_gone(); }
};

/// The writer puts another thing in the place, which may lie where the first one lay.
template <class Machine>
struct replace_and_look_twice : things<replace_and_look_twice<Machine>, 3, Machine> {
  void before() { this->put(0, 1); }

  void run(unsigned thread) {
    if (thread != 2) {
      this->look();
      this->look();
      return;
    }
    this->take_out();
    this->domain.collect();
    this->put(0, 2);
    this->take_out();
    this->domain.collect();
  }

  void after() { this->expect_all_gone(); }
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<announce_or_retire>("announce or retire", 30'000) &&
                     completely_everywhere<announce_or_retire>("announce or retire", 2) &&
                     at_random_everywhere<replace_and_look_twice>("replace and look twice", 20'000);
  return holds ? 0 : 1;
}
