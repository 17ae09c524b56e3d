/* Completes the token and returns an error as well. */
#define PLATFORM_ON_CALL(self, token, call) \
  ((void)(call), (void)platform_answer((self)->ctx, token, "{}", 2), TENON_E_UNSUPPORTED)
#include "../fixture/platform.h"
