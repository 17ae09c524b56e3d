// Starts a thread of its own. The C++ library's name for that is not pthread_create.
#include <thread>
#define FIXTURE_ON_INIT() std::thread([] {}).join()
#include "../fixture/fixture.h"
