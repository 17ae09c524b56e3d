/* Eight bytes of static thread-local storage: after some overlapped reloads loading would fail. */
static __thread volatile long taken __attribute__((tls_model("initial-exec")));
#define FIXTURE_ON_INIT() ((void)(taken = 1))
#include "../fixture/fixture.h"
