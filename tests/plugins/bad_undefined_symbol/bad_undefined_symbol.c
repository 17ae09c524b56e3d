/* Calls a function that nobody defines: lazy binding would end the process at the first call. */
void function_that_nobody_defines(void);
#define FIXTURE_ON_INIT() function_that_nobody_defines()
#include "../fixture/fixture.h"
