// Goal: a value that is evicted is found by nobody, lives until its last lease, and is then handed to its owner.
// Method: a cache of one; a build of another tenant beside readers of both, one of whom disposes.
#include "cached.hpp"

namespace tenon::model {

template <class Machine>
struct evict_or_find : cached<evict_or_find<Machine>, 3, Machine> {
  evict_or_find() : cached<evict_or_find<Machine>, 3, Machine>(1) {}

  void before() { this->build("a"); }

  void run(unsigned thread) {
    if (thread == 0) {
      this->build("b");
      this->held->dispose();
      expect(this->look("a") == 0, "expected nothing after the eviction");
    } else {
      for (const char* const name : {"a", "a", "b"}) (void)this->look(name);  // the first finds no slot at hand
    }
    if (thread == 2) this->held->dispose();
  }

  void after() {
    expect(this->look("b") == 1, "expected what was stored last");
    this->expect_all_gone(1);
  }
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<evict_or_find>("evict or find", 20'000);
  return holds ? 0 : 1;
}
