/* Starts a copy of the host. */
#include <unistd.h>
static void split(void) {
  if (fork() == 0) __builtin_trap();
}
#define FIXTURE_ON_INIT() split()
#include "../fixture/fixture.h"
