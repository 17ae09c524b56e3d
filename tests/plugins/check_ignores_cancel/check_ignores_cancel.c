/* Answers after an hour, whoever cancels. */
#include <tenon/abi/host.h>

static tenon_status wait_an_hour(tenon_instance* self);
#define PLATFORM_ON_CALL(self, token, call) ((void)(call), wait_an_hour(self))
#include "../fixture/platform.h"

static void after_an_hour(void* user, tenon_op op, tenon_status status) TENON_NOEXCEPT {
  tenon_instance* self = user;
  (void)op;
  (void)status;
  (void)platform_answer(self->ctx, self->token, "{}", 2);
}

static tenon_status wait_an_hour(tenon_instance* self) {
  const tenon_timer_1* timers = platform_service("timer/1", 7);
  tenon_op op;
  return timers->start(self->ctx, UINT64_C(3600000000000), after_an_hour, self, &op);
}
