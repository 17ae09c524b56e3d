/* Changes what belongs to the whole process: directory, file modes, environment, locale. */
#define _DEFAULT_SOURCE
#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void change(void) {
  if (chdir("/proc") != 0) abort();
  (void)umask(0);
  (void)setenv("CANARY_FIXTURE", "set", 1);
  (void)setlocale(LC_ALL, "C.UTF-8");
}

#define FIXTURE_ON_INIT() change()

#include "../fixture/fixture.h"
