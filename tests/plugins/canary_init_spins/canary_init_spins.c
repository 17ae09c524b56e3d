/* init() never comes back. */
static volatile int never;

static void spin(void) {
  while (!never) {
  }
}

#define FIXTURE_ON_INIT() spin()

#include "../fixture/fixture.h"
