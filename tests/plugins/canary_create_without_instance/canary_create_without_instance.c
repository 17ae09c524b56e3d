/* create() says that it worked, and hands nothing back. */
#define FIXTURE_CREATE_STATUS 0

#include "../fixture/fixture.h"
