/* Linked with -rpath. */
#include "../fixture/fixture.h"
