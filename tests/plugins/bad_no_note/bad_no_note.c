/* Complete code without a manifest. */
#define FIXTURE_WITHOUT_NOTE
#include "../fixture/fixture.h"
