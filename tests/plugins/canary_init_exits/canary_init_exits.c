/* init() ends the process as a program does. */
#include <stdlib.h>

#define FIXTURE_ON_INIT() exit(0)

#include "../fixture/fixture.h"
