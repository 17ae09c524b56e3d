/* Starts a thread of its own. */
#include <pthread.h>
static void* run(void* unused) { return unused; }
static void start(void) {
  pthread_t made;
  if (pthread_create(&made, 0, run, 0) == 0) (void)pthread_join(made, 0);
}
#define FIXTURE_ON_INIT() start()
#include "../fixture/fixture.h"
