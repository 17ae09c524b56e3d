// Goal: a lease outlives its cache, and its value goes with whichever ends last.
// Method: two leases that end beside the cache.
#include "cached.hpp"

namespace tenon::model {

template <class Machine>
struct cache_ends : cached<cache_ends<Machine>, 3, Machine> {
  cache_ends() : cached<cache_ends<Machine>, 3, Machine>(2) {}

  void before() {
    this->build("a");
    this->build("b");
    for (auto& each : open) each = this->find("a");
  }

  void run(unsigned thread) {
    if (thread == 2) {
      this->held.reset();
      return;
    }
    (void)open.at(thread)->version.read();
    open.at(thread).reset();
  }

  void after() { expect(this->made == this->destroyed, "expected every value to be destroyed"); }

  std::array<typename cache_ends::lease, 2> open;
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<cache_ends>("cache ends", 10'000);
  return holds ? 0 : 1;
}
