/* Leaves a descriptor open. */
#include <fcntl.h>

#define FIXTURE_ON_INIT() (void)open("/dev/zero", O_RDONLY)

#include "../fixture/fixture.h"
