/* Answers from a thread of its own. */
#define _DEFAULT_SOURCE
#include <pthread.h>

static int answer_elsewhere(void* self);
#define PLATFORM_ON_CALL(self, token, call) ((void)(call), answer_elsewhere(self))
#include "../fixture/platform.h"

static void* answer(void* user) {
  tenon_instance* self = user;
  (void)platform_answer(self->ctx, self->token, "{}", 2);
  return 0;
}

static int answer_elsewhere(void* self) {
  pthread_t thread;
  if (pthread_create(&thread, 0, answer, self) != 0) return TENON_E_LIMIT;
  (void)pthread_join(thread, 0);
  return TENON_OK;
}
