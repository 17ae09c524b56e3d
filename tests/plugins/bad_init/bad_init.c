/* init() refuses. */
#define FIXTURE_INIT_STATUS TENON_E_FAILED
#include "../fixture/fixture.h"
