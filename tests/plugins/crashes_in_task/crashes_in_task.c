/* Does what its request says: ends the process in one of the ways that plugins do, waits for ever once it has said so, or answers. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <tenon/abi/plugin.h>

#include <stdint.h>
#include <time.h>

static tenon_status do_as_told(tenon_instance* self, tenon_token token, const tenon_call* call);
#define PLATFORM_ON_CALL do_as_told
#include "../fixture/platform.h"

static volatile uintptr_t nowhere = 16;
static volatile int for_ever = 1;

static int says(const tenon_call* call, const char* word) {
  const uint64_t length = strlen(word);
  uint64_t at;
  for (at = 0; at + length <= call->request.len; ++at) {
    if (memcmp(call->request.ptr + at, word, length) == 0) return 1;
  }
  return 0;
}

__attribute__((noinline)) static int overflow(int depth) {
  volatile char frame[4096];
  frame[depth & 4095] = 1;
  return for_ever ? overflow(depth + 1) + frame[depth & 4095] : depth;
}

static void wait_for_ever(tenon_instance* self) {
  const tenon_log_1* log = platform_service("log/1", 5);
  const tenon_str text = PLATFORM_TEXT("inside");
  const struct timespec long_time = {3600, 0};
  log->write(self->ctx, TENON_LOG_ERROR, text);
  while (for_ever) nanosleep(&long_time, 0);
}

static tenon_status do_as_told(tenon_instance* self, tenon_token token, const tenon_call* call) {
  if (says(call, "write")) *(volatile int*)nowhere = 1;
  if (says(call, "trap")) __builtin_trap();
  if (says(call, "abort")) abort();
  if (says(call, "overflow")) (void)overflow(0);
  if (says(call, "wait")) wait_for_ever(self);
  (void)platform_answer(self->ctx, token, "{}", 2);
  return TENON_OK;
}
