/* Leaves a signal handler behind. */
#define _DEFAULT_SOURCE
#include <signal.h>

static void handle(int number) { (void)number; }

#define FIXTURE_ON_INIT() (void)signal(SIGUSR1, handle)

#include "../fixture/fixture.h"
