// Built with -D_GLIBCXX_DEBUG: a wrong use of a container ends the process.
#include <vector>
static std::vector<int> numbers{1, 2, 3};
#define FIXTURE_ON_INIT() numbers.erase(numbers.begin())
#include "../fixture/fixture.h"
