/* Leaves a process behind. */
#define _DEFAULT_SOURCE
#include <unistd.h>

static void start_process(void) {
  if (fork() != 0) return;
  for (;;) pause();
}

#define FIXTURE_ON_INIT() start_process()

#include "../fixture/fixture.h"
