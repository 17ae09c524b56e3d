/* Accepts a call and forgets it. */
#define PLATFORM_ON_CALL(self, token, call) ((void)(call), TENON_OK)
#include "../fixture/platform.h"
