/* Linked with the old kind of -rpath. */
#include "../fixture/fixture.h"
