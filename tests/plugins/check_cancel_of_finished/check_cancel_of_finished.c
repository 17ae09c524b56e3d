/* Cannot stand the cancellation of a call that it has answered. */
#define PLATFORM_ON_CANCEL(self, token) ((void)(self), (void)(token), abort())
#include "../fixture/platform.h"
