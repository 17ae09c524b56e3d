/* Leaves the address of a variable where the next generation finds it, which then writes there. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>

static int count_together(void);
static void stop_counting(void);
#define PLATFORM_ON_INIT() count_together()
#define PLATFORM_ON_DEINIT() stop_counting()
#include "../fixture/platform.h"

static const char name[] = "TENON_FIXTURE_COUNTER";
static int counter;
static int ours;

static int count_together(void) {
  const char* address = getenv(name);
  if (address) {
    ++*(int*)(uintptr_t)strtoull(address, 0, 16);
    return TENON_OK;
  }
  char text[32];
  (void)snprintf(text, sizeof text, "%llx", (unsigned long long)(uintptr_t)&counter);
  ours = setenv(name, text, 1) == 0;
  return TENON_OK;
}

static void stop_counting(void) {
  if (ours) (void)unsetenv(name);
}
