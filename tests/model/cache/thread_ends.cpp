// Goal: a lease survives the thread that took it, in a record that the next thread takes over with what is in it.
// Method: a thread leaves the domain with two leases open, which fill its record. Others release them, come for a slot
// of their own, and retire what is leased.
#include "things.hpp"

namespace tenon::model {

template <class Machine>
struct thread_ends : things<thread_ends<Machine>, 4, Machine> {
  void before() { this->put(0, 1); }

  void run(unsigned thread) {
    switch (thread) {
      case 0:
        for (auto& each : open) each = this->lease();
        this->domain.leave(thread_ends::access::seat());
        left.store(1, std::memory_order_release);
        break;
      case 1:
        if (left.load(std::memory_order_acquire) == 0) break;
        ended = true;
        for (auto& each : open) this->end(each);
        break;
      case 2:
        this->look();
        this->look();
        break;
      default: this->take_out(); this->domain.collect();
    }
  }

  void after() {
    if (!ended) {
      for (auto& each : open) this->end(each);
    }
    this->expect_all_gone();
  }

  std::array<typename thread_ends::open_lease, 2> open;
  atomic<int> left;
  bool ended = false;
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<thread_ends>("thread ends", 40'000);
  return holds ? 0 : 1;
}
