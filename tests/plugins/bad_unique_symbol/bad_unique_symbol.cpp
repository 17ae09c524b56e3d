// A visible inline variable becomes a STB_GNU_UNIQUE symbol: dlclose() succeeds and unmaps nothing.
inline __attribute__((visibility("default"))) int shared_by_all_generations = 1;
#define FIXTURE_ON_INIT() ++shared_by_all_generations
#include "../fixture/fixture.h"
