#include "cache/lease_domain.hpp"

namespace tenon {

constinit detail::process_leases detail::leases_of_process;
constinit thread_local lease_seat<std_sync> detail::leases_of_thread;

namespace {

struct leaver {
  leaver() noexcept = default;
  leaver(const leaver&) = delete;
  leaver& operator=(const leaver&) = delete;
  ~leaver() { lease_access<std_sync>::domain().leave(lease_access<std_sync>::seat()); }
};

}  // namespace

// A thread that takes leases in destructors after this one's keeps its record: a few hundred bytes, once.
void lease_access<std_sync>::joined() {
  thread_local const leaver at_the_end;
}

}  // namespace tenon
