/* create() waits for something that does not come. */
#include <tenon/abi/types.h>

#include <unistd.h>

static tenon_status wait_for_ever(void) {
  for (;;) pause();
  return TENON_OK;
}

#define FIXTURE_CREATE_STATUS wait_for_ever()

#include "../fixture/fixture.h"
