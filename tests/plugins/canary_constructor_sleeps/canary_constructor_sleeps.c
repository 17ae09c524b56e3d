/* Its static constructor waits, and with it whoever needs the dynamic loader. */
#define _DEFAULT_SOURCE
#include <time.h>

__attribute__((constructor)) static void wait_for_nothing(void) {
  const struct timespec pause = {0, 60 * 1000 * 1000};
  nanosleep(&pause, 0);
}

#include "../fixture/fixture.h"
