// Goal: a tenant that has a value is found, whatever takes its place meanwhile.
// Method: a replace, a build that overwrites and a refresh, beside readers who have to find the tenant every time.
#include "cached.hpp"

namespace tenon::model {

template <class Machine>
struct replace_or_find : cached<replace_or_find<Machine>, 3, Machine> {
  using base = cached<replace_or_find<Machine>, 3, Machine>;
  replace_or_find() : base(2) {}

  void before() { this->build("a"); }

  void run(unsigned thread) {
    if (thread == 0) {
      this->held->replace("a", typename base::value(*this, 2), {});
      this->held->dispose();
      expect(this->look("a") == 2, "expected the successor");
      this->current.store(3, std::memory_order_release);
      this->build("a");
      this->held->dispose();
    } else {
      int last = 1;
      for (int round = 0; round < 2; ++round) {
        const int found = this->look("a");
        expect(found >= last, "expected the tenant's value, and no older one than before");
        last = found;
      }
    }
  }

  void after() {
    expect(this->look("a") == 3, "expected the last value");
    this->expect_all_gone(1);
  }
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<replace_or_find>("replace or find", 10'000);
  return holds ? 0 : 1;
}
