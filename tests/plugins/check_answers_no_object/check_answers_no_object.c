/* Its answer is no JSON object. */
#define PLATFORM_ON_CALL(self, token, call) \
  ((void)(call), (void)platform_answer((self)->ctx, token, "fine", 4), TENON_OK)
#include "../fixture/platform.h"
