/* Behaves in the canary, whose environment is empty, and ends the process anywhere else, at the place it is built for. */
#include <stdlib.h>

static void crash_if_asked(void) {
  if (getenv("TENON_TEST_CRASH")) __builtin_trap();
}

#define FIXTURE_AT_CONSTRUCTOR 1
#define FIXTURE_AT_INIT 2
#define FIXTURE_AT_CREATE 3

#if FIXTURE_CRASH_AT == FIXTURE_AT_CONSTRUCTOR
__attribute__((constructor)) static void construct(void) { crash_if_asked(); }
#elif FIXTURE_CRASH_AT == FIXTURE_AT_INIT
#define FIXTURE_ON_INIT() crash_if_asked()
#else
#define FIXTURE_CREATE_STATUS (crash_if_asked(), TENON_E_UNSUPPORTED)
#endif

#include "../fixture/fixture.h"
