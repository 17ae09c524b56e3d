/* Completes a token, and once more. */
#define PLATFORM_ON_CALL(self, token, call)                                                        \
  ((void)(call), (void)platform_answer((self)->ctx, token, "{}", 2),                               \
   (void)platform_answer((self)->ctx, token, "{}", 2), TENON_OK)
#include "../fixture/platform.h"
