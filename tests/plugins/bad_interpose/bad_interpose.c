/* Linked with -z interpose. */
#include "../fixture/fixture.h"
