// Goal: whoever waits for a build gets a lease of its own before anybody can take the value out.
// Method: a store with two leases, which end on two threads, beside an invalidate whose owner disposes at once.
#include "cached.hpp"

namespace tenon::model {

template <class Machine>
struct waiters : cached<waiters<Machine>, 3, Machine> {
  waiters() : cached<waiters<Machine>, 3, Machine>(2) {}

  void run(unsigned thread) {
    if (thread == 0) {
      auto outcome = this->build("a", 2);
      waiting = std::move(outcome.leases.back());
      handed.store(1, std::memory_order_release);
      (void)outcome.leases.front()->version.read();
    }
    if (thread == 1 && handed.load(std::memory_order_acquire) != 0) {
      (void)waiting->version.read();
      waiting.reset();
    }
    if (thread == 2) {
      this->held->invalidate("a");
      this->held->dispose();
    }
  }

  void after() {
    if (waiting) (void)waiting->version.read();
    waiting.reset();
    this->expect_all_gone(this->look("a") == 0 ? 0 : 1);
  }

  typename waiters::lease waiting;
  atomic<int> handed;
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<waiters>("waiters", 15'000);
  return holds ? 0 : 1;
}
