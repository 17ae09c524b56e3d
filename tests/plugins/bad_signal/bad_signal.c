/* Leaves a signal handler behind. */
#include <signal.h>
static void handle(int number) { (void)number; }
#define FIXTURE_ON_INIT() ((void)signal(SIGUSR2, handle))
#include "../fixture/fixture.h"
