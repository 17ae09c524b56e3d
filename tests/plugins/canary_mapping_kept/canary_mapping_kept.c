/* Keeps 64 KiB of address space each time it is loaded. */
#define _DEFAULT_SOURCE
#include <sys/mman.h>

#define FIXTURE_ON_INIT() (void)mmap(0, 64 * 1024, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

#include "../fixture/fixture.h"
