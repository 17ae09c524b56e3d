/* init() gives up, and the process with it. */
#include <stdlib.h>

#define FIXTURE_ON_INIT() abort()

#include "../fixture/fixture.h"
