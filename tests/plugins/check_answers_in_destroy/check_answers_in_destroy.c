/* Answers the last call when it is destroyed: too late. */
#define PLATFORM_ON_DESTROY(self) (void)platform_answer((self)->ctx, (self)->token, "{}", 2)
#include "../fixture/platform.h"
