// Leaves a terminate handler behind.
#include <exception>
#define FIXTURE_ON_INIT() (void)std::set_terminate([] {})
#include "../fixture/fixture.h"
