// Goal: a thread that has more leases open than its record has slots gets another record, in which its leases count.
// Method: records of two slots; readers that take three leases at a time beside a writer that retires and collects.
#include "things.hpp"

namespace tenon::model {

template <class Machine>
struct many_leases : things<many_leases<Machine>, 3, Machine> {
  void before() { this->put(0, 1); }

  void run(unsigned thread) {
    if (thread == 2) {
      this->take_out();
      this->domain.collect();
      return;
    }
    std::array<typename many_leases::open_lease, 3> open;
    for (auto& each : open) each = this->lease();
    for (auto& each : open) this->end(each);
  }

  void after() { this->expect_all_gone(); }
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<many_leases>("many leases", 30'000);
  return holds ? 0 : 1;
}
