/* Its static constructor reads where nothing is. */
#include <stdint.h>

static volatile uintptr_t nowhere = 64;
static volatile int found;

__attribute__((constructor)) static void read_nowhere(void) { found = *(volatile int*)nowhere; }

#include "../fixture/fixture.h"
