/* Needs a service that no host has, and nearly one that it has. */
#define FIXTURE_SERVICES "\"htp/1\""
#include "../fixture/fixture.h"
