/* Leaves a thread behind that runs in the code that is about to be unmapped. */
#define _DEFAULT_SOURCE
#include <pthread.h>

static volatile unsigned long rounds;

static void* run_for_ever(void* nothing) {
  for (;;) ++rounds;
  return nothing;
}

static void start_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, 0, run_for_ever, 0) == 0) pthread_detach(thread);
}

#define FIXTURE_ON_INIT() start_thread()

#include "../fixture/fixture.h"
