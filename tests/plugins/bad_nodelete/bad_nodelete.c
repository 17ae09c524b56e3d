/* Linked with -z nodelete: dlclose() succeeds and unmaps nothing. */
#include "../fixture/fixture.h"
