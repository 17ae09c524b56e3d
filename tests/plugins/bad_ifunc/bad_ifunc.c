/* A function that is chosen while the library is relocated, by code that nobody has looked at yet. */
static int one(void) { return 1; }
static int (*choose(void))(void) { return one; }
static int chosen(void) __attribute__((ifunc("choose")));
#define FIXTURE_ON_INIT() ((void)chosen())
#include "../fixture/fixture.h"
