/* create() says that all is well, and hands out no instance. */
#define FIXTURE_TASK "create_media_buy"
#define FIXTURE_CREATE_STATUS TENON_OK
#include "../fixture/fixture.h"
