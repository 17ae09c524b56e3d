// Goal: a lease may end on another thread than the one that took it, whose slot is free for the next lease at once.
// Method: a lease of one thread ends on another, while the first takes its next one. A collection may then find, in the
// slot of the old lease, what came after it, and has to come after the use of both.
#include "things.hpp"

namespace tenon::model {

template <class Machine>
struct handed_over : things<handed_over<Machine>, 3, Machine, 2> {
  void before() {
    this->put(0, 1);
    this->put(1, 2);
    handed = this->lease(0, handed_over::access::seats[0]);
  }

  void run(unsigned thread) {
    if (thread == 0) {
      this->look(1);
      this->look(1);
    }
    if (thread == 1) this->end(handed);
    if (thread == 2) {
      this->take_out(0);
      this->domain.collect();
    }
  }

  void after() {
    this->take_out(1);
    this->domain.collect();
    this->expect_all_gone();
  }

  typename handed_over::open_lease handed;
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<handed_over>("handed over", 40'000);
  return holds ? 0 : 1;
}
