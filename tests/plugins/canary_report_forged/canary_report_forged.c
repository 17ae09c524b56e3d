/* Claims to have passed, and leaves. */
#include <unistd.h>

static void claim(void) {
  static const char text[] = "{\"report\": {\"findings\": [], \"cycles\": 5}}\n";
  if (write(3, text, sizeof text - 1) < 0) _exit(1);
  _exit(0);
}

#define FIXTURE_ON_INIT() claim()

#include "../fixture/fixture.h"
