// A thread_local with a destructor holds the library until its thread, here the loader's, ends.
struct ending {
  ~ending() { value = 0; }
  volatile int value = 1;
};
thread_local ending at_thread_exit;
#define FIXTURE_ON_INIT() at_thread_exit.value = 2
#include "../fixture/fixture.h"
