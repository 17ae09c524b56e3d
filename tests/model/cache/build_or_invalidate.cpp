// Goal: who looks after an invalidate has returned finds nothing that was built from what was read before it; and who
// waited for such a build has it all the same.
// Method: a build, with a lease for who waits, beside an invalidate of its tenant, or of all. What the build reads was
// changed before the invalidate was called.
#include "cached.hpp"

namespace tenon::model {

template <class Machine, bool OfAll>
struct build_or_invalidate : cached<build_or_invalidate<Machine, OfAll>, 3, Machine> {
  using base = cached<build_or_invalidate<Machine, OfAll>, 3, Machine>;
  build_or_invalidate() : base(2) {}

  void run(unsigned thread) {
    if (thread == 0) {
      auto outcome = this->build("a", 1);
      (void)outcome.leases.front()->version.read();
    }
    if (thread == 1) {
      this->current.store(2, std::memory_order_release);
      if (OfAll)
        this->held->invalidate();
      else
        this->held->invalidate("a");
      this->held->dispose();
      expect(this->look("a") != 1, "expected nothing from before the invalidate");
    }
    if (thread == 2) (void)this->look("a");
  }

  void after() {
    this->expect_all_gone(this->look("a") == 0 ? 0 : 1);
    expect(this->look("a") != 1, "expected nothing from before the invalidate");
    expect(this->held->builds_in_flight() == 0, "expected no counter");
  }
};

template <class Machine>
using of_one = build_or_invalidate<Machine, false>;
template <class Machine>
using of_all = build_or_invalidate<Machine, true>;

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<of_one>("build or invalidate", 10'000) &&
                     at_random_everywhere<of_all>("build or invalidate of all", 10'000);
  return holds ? 0 : 1;
}
