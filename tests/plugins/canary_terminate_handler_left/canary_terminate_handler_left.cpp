/* Leaves a terminate handler behind. */
#include <cstdlib>
#include <exception>

[[noreturn]] static void give_up() { std::abort(); }

#define FIXTURE_ON_INIT() (void)std::set_terminate(give_up)

#include "../fixture/fixture.h"
