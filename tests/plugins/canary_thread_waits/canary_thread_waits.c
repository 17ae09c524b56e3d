/* Leaves a thread behind that waits in the C library. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <unistd.h>

static void* wait_for_ever(void* nothing) {
  for (;;) pause();
  return nothing;
}

static void start_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, 0, wait_for_ever, 0) == 0) pthread_detach(thread);
}

#define FIXTURE_ON_INIT() start_thread()

#include "../fixture/fixture.h"
