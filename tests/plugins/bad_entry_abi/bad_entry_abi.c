/* The note states the host's ABI, the code was compiled for another. */
#define FIXTURE_ENTRY_ABI_MINOR 99u
#include "../fixture/fixture.h"
