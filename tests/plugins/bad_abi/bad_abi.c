/* Note and entry are of a plugin ABI that this host does not have. */
#include <tenon/abi/types.h>
#undef TENON_ABI_MINOR
#define TENON_ABI_MINOR 99u
#include "../fixture/fixture.h"
