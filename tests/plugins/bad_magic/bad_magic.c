/* The entry does not begin with the magic. */
#define FIXTURE_MAGIC 42
#include "../fixture/fixture.h"
