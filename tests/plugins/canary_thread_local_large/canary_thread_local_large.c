/* 64 KiB of thread-local variables, allocated on first use: nothing is wrong with that. */
#include <string.h>

static _Thread_local char block[64 * 1024];

#define FIXTURE_ON_INIT() memset(block, 1, sizeof block)

#include "../fixture/fixture.h"
