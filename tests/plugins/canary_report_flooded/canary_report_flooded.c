/* Writes without end to a descriptor that is not its own. */
#include <unistd.h>

static void flood(void) {
  static const char zeros[4096];
  while (write(3, zeros, sizeof zeros) > 0) {
  }
}

#define FIXTURE_ON_INIT() flood()

#include "../fixture/fixture.h"
