#include "cache/lease_domain.hpp"

#include <pthread.h>

namespace tenon {

constinit detail::process_leases detail::leases_of_process;
constinit thread_local lease_seat<std_sync> detail::leases_of_thread;

namespace {

void leave(void* seat) { lease_access<std_sync>::domain().leave(*static_cast<lease_seat<std_sync>*>(seat)); }

pthread_key_t make_key() {
  pthread_key_t made{};
  return ::pthread_key_create(&made, leave) == 0 ? made : pthread_key_t(-1);
}

}  // namespace

// Rationale: not a thread_local with a destructor. To register that takes the dynamic loader's lock, which a plugin's
// constructor holds for as long as it runs: every thread's first lease would wait for it. Where there is no key or no
// memory for it, the record of a thread that ends is not used again: a few hundred bytes.
void lease_access<std_sync>::joined() noexcept {
  static const pthread_key_t key = make_key();
  ::pthread_setspecific(key, &seat());
}

}  // namespace tenon
