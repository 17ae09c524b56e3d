/* create() forgets its token. */
#define PLATFORM_ON_CREATE(self, ready) (void)0
#include "../fixture/platform.h"
