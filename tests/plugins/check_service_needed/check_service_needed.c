/* init() uses a service without asking whether the host has it. */
#include <tenon/abi/host.h>

static tenon_status keep_timer(void);
#define PLATFORM_ON_INIT() keep_timer()
#include "../fixture/platform.h"

static tenon_status (*start_timer)(tenon_ctx*, uint64_t, tenon_timer_fn, void*, tenon_op*);

static tenon_status keep_timer(void) {
  const tenon_timer_1* timers = platform_service("timer/1", 7);
  start_timer = timers->start;
  return start_timer ? TENON_OK : TENON_E_UNSUPPORTED;
}
