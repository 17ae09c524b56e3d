/* Changes the environment of the whole process, which others may be reading. */
#include <stdlib.h>
int setenv(const char* name, const char* value, int overwrite);
#define FIXTURE_ON_INIT() ((void)setenv("FIXTURE", "1", 1))
#include "../fixture/fixture.h"
