// Goal: whatever ends the process, an event that was accepted is sent. Method: a child that is killed amid its adding.
#include "outbox_world.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <set>

using namespace tenon;
using namespace tenon::tenond;
using namespace tenon::testing;

TEST_CASE("after a kill every event that was accepted is due, with the key that it would get again") {
  outbox_world world;
  world.close();
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto opened = world.another();
    if (!opened) ::_exit(1);
    for (int count = 0;; ++count) {
      const auto name = std::to_string(count);
      if (!(*opened)->add(world.target(name + ".example"), world.subject(name), {.status = "completed"})) ::_exit(2);
      if (::write(told[1], &count, sizeof count) != sizeof count) ::_exit(3);
    }
  }
  ::close(told[1]);
  int number = 0;
  int heard = 0;
  for (; heard < 20; ++heard) REQUIRE(::read(told[0], &number, sizeof number) == sizeof number);
  REQUIRE(::kill(child, SIGKILL) == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  while (::read(told[0], &number, sizeof number) == sizeof number) ++heard;
  ::close(told[0]);

  world.open();
  std::set<std::string> hosts;
  for (const auto& each : world.due(10'000)) hosts.insert(each.what.host);
  for (int count = 0; count < heard; ++count) {
    const auto name = std::to_string(count);
    CHECK(hosts.contains(name + ".example"));
    REQUIRE(world.add(name, name + ".example").has_value());
  }
  CHECK(world.due(10'000).size() == hosts.size());
}
