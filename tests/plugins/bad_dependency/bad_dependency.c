/* Needs a shared library of its own. The second generation would get the first one's. */
int of_the_dependency(void);
#define FIXTURE_ON_INIT() ((void)of_the_dependency())
#include "../fixture/fixture.h"
