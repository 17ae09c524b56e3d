/* Keeps 64 KiB each time it is loaded. */
#include <stdlib.h>
#include <string.h>

static char* volatile kept;

static void keep(void) {
  kept = malloc(64 * 1024);
  if (kept) memset(kept, 1, 64 * 1024);
}

#define FIXTURE_ON_INIT() keep()

#include "../fixture/fixture.h"
