/* create() uses a service without asking whether the host has it. */
#include <tenon/abi/host.h>

static void greet(tenon_instance* self);
#define PLATFORM_ON_CREATE(self, ready) (greet(self), (void)platform_answer((self)->ctx, ready, "", 0))
#include "../fixture/platform.h"

static void greet(tenon_instance* self) {
  const tenon_log_1* log = platform_service("log/1", 5);
  const tenon_str line = PLATFORM_TEXT("ready");
  log->write(self->ctx, TENON_LOG_INFO, line);
}
