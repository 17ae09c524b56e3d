/* Would put another program in the host's place. */
#include <unistd.h>
static void replace(void) {
  char* arguments[] = {0};
  (void)execv("/nonexistent", arguments);
}
#define FIXTURE_ON_INIT() replace()
#include "../fixture/fixture.h"
