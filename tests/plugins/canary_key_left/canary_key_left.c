/* Keeps a thread-specific key. */
#define _DEFAULT_SOURCE
#include <pthread.h>

static pthread_key_t key;

#define FIXTURE_ON_INIT() (void)pthread_key_create(&key, 0)

#include "../fixture/fixture.h"
