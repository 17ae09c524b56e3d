/* Would end the host. */
#include <unistd.h>
static volatile int wanted;
#define FIXTURE_ON_INIT() (wanted ? _exit(1) : (void)0)
#include "../fixture/fixture.h"
