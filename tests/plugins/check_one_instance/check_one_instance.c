/* Has one instance for all platforms. */
#define PLATFORM_MAKE() &only
#define PLATFORM_FREE(self) ((void)(self))
#define PLATFORM_ONLY
#include "../fixture/platform.h"
