// Goal: what is stored while an invalidate of all is still sweeping stays, and what it sweeps goes once.
// Method: an invalidate of all beside a build of a tenant that is in the table, and beside an invalidate of another. A
// build whose ticket is current at the end was overtaken by none: then its value must be there.
#include "cached.hpp"

namespace tenon::model {

template <class Machine>
struct sweep_or_store : cached<sweep_or_store<Machine>, 4, Machine> {
  sweep_or_store() : cached<sweep_or_store<Machine>, 4, Machine>(2) {}

  void before() {
    this->build("a");
    this->build("b");
  }

  void run(unsigned thread) {
    if (thread == 0) {
      this->current.store(2, std::memory_order_release);
      this->held->invalidate();
      this->held->dispose();
      expect(this->look("a") != 1 && this->look("b") != 1, "expected nothing from before the invalidate");
    }
    if (thread == 1) {
      ticket.emplace(this->held->begin_build("a"));
      this->store(*ticket);
      (void)this->look("b");
    }
    if (thread == 2) this->held->invalidate("b");
    if (thread == 3) {
      // Nothing but the invalidate of all takes "a" out.
      const bool invalidated = this->look("a") == 0;
      const int found = this->look("b");
      expect(!invalidated || found != 1, "expected an invalidate of all to be one step");
    }
  }

  void after() {
    const int found = this->look("a");
    expect((found != 0) == ticket->current(), "expected what no invalidate overtook, and nothing else");
    ticket.reset();
    this->expect_all_gone(found == 0 ? 0 : 1);
  }

  std::optional<typename sweep_or_store::cache_type::build_ticket> ticket;
};

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  const bool holds = at_random_everywhere<sweep_or_store>("sweep or store", 10'000);
  return holds ? 0 : 1;
}
