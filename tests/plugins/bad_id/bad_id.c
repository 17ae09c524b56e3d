/* The note of one plugin on the code of another. */
#define FIXTURE_ENTRY_ID "somebody-else"
#include "../fixture/fixture.h"
