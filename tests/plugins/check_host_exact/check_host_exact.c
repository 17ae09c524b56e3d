/* Accepts no host but the one that it was built for. */
#define PLATFORM_ON_INIT() (platform_host->struct_size == sizeof(tenon_host) ? TENON_OK : TENON_E_UNSUPPORTED)
#include "../fixture/platform.h"
