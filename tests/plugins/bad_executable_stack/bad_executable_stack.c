/* Linked with -z execstack: loading it makes the stacks of the whole process executable. */
#include "../fixture/fixture.h"
