// Goal: a lease may end on another thread than the one that took it, whose slot is free for the next lease at once.
// Method: a thread hands a lease over and takes others into the same slots. A collection then finds, where the lease was,
// what came after it, and has to come after the use of both.
#include "things.hpp"

namespace tenon::model {

template <class Machine>
struct handed_over : things<handed_over<Machine>, 3, Machine, 2> {
  void before() {
    this->put(0, 1);
    this->put(1, 2);
  }

  void run(unsigned thread) {
    if (thread == 0) {
      auto mine = this->lease(0);
      if (mine.of != nullptr) {
        kept = mine;
        filled.store(1, std::memory_order_release);
      }
      this->look(1);
      this->look(1);
    }
    if (thread == 1 && filled.load(std::memory_order_acquire) != 0) {
      taken = true;
      this->end(kept);
    }
    if (thread == 2) {
      this->take_out(0);
      this->domain.collect();
    }
  }

  void after() {
    if (filled.load(std::memory_order_relaxed) != 0 && !taken) this->end(kept);
    this->take_out(1);
    this->domain.collect();
    this->expect_all_gone();
  }

  typename handed_over::open_lease kept;
  atomic<int> filled;
  bool taken = false;
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<handed_over>("handed over", 40'000);
  return holds ? 0 : 1;
}
