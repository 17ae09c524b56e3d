// Nothing is wrong with the code, but it is built with nothing but -shared -fPIC: everything in it is exported, and g++
// makes the tables of the standard library's templates unique in the process.
#include <memory>
#include <string>

struct greeting {
  std::string text = "hello";
};
std::shared_ptr<greeting> made;
#define FIXTURE_ON_INIT() made = std::make_shared<greeting>()
#include "../fixture/fixture.h"
