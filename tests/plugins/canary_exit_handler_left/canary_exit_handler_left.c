/* Leaves a handler behind that runs when the process ends. */
#define _DEFAULT_SOURCE
#include <stdlib.h>

static void handle(int status, void* nothing) {
  (void)status;
  (void)nothing;
}

#define FIXTURE_ON_INIT() (void)on_exit(handle, 0)

#include "../fixture/fixture.h"
