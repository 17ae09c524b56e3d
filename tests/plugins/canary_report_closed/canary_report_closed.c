/* Closes a descriptor that is not its own. */
#include <unistd.h>

#define FIXTURE_ON_INIT() (void)close(3)

#include "../fixture/fixture.h"
