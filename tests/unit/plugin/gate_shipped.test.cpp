// Goal: every plugin of this tree passes the gate, however the tree is built. Method: the built files, as ops would
// drop them.
#include "plugin/image.hpp"

#include <doctest/doctest.h>

using namespace tenon;

TEST_CASE("the plugins of this tree pass the gate, and not by being granted anything") {
  std::size_t seen = 0;
  for (const auto* directory : {PLUGINS, PLUGINS "-next"}) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().extension() != ".so") continue;
      ++seen;
      const auto file = open_candidate({directory}, entry.path().stem().string());
      REQUIRE_MESSAGE(file.has_value(), file.error().operator_detail);
      const auto checked = check_candidate(*file);
      CHECK_MESSAGE(checked.has_value(), checked.error().operator_detail);
      const auto report = describe_candidate(*file);
      CHECK(report.writable_bytes > 0);
      CHECK_FALSE(report.resident);
    }
  }
  CHECK(seen >= 5);  // both versions of echo, echo_blocking, echo_c and the template; gam and kevel if they are built
}
