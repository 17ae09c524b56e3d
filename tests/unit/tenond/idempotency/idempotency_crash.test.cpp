// Goal: whatever ends the process, no call that may have been made is taken for one that was not, and no answer that
// was given is lost. Method: books that are closed under an open attempt; a child that is killed amid its calls.
#include "book_world.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::tenond;
using namespace tenon::testing;

TEST_CASE("a call that the process did not see the end of is recovering in the next one") {
  book_world world;
  auto call = world.begin("k");
  world.reopen();
  auto next = world.begin("k");
  CHECK(next.word == "recovering");
  // What is left of the process before ends too late to have a say.
  CHECK_FALSE(call.attempt->complete("too late").has_value());
  call.attempt.reset();
  CHECK(world.begin("k").word == "in flight");
  REQUIRE(next.attempt->complete("found").has_value());
  world.reopen();
  CHECK(world.begin("k").word == "replay found");
}

TEST_CASE("after a kill every call that was made is known, and every answer that was given is repeated") {
  book_world world;
  world.close();
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto opened = world.another();
    if (!opened) ::_exit(1);
    // Each number twice: the call is being made, and the answer is being given.
    for (int count = 0;; ++count) {
      const auto key = std::to_string(count);
      auto decided = (*opened)->begin({.tenant = "acme", .principal = "buyer", .key = key}, "create_media_buy", "hash");
      if (!decided || !std::holds_alternative<idempotency_go>(*decided)) ::_exit(2);
      if (::write(told[1], &count, sizeof count) != sizeof count) ::_exit(3);
      if (!std::get<idempotency_go>(*decided).attempt.complete("answer " + key)) ::_exit(4);
      if (::write(told[1], &count, sizeof count) != sizeof count) ::_exit(5);
    }
  }
  ::close(told[1]);
  int number = 0;
  int heard = 0;
  for (; heard < 31; ++heard) REQUIRE(::read(told[0], &number, sizeof number) == sizeof number);
  REQUIRE(::kill(child, SIGKILL) == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  while (::read(told[0], &number, sizeof number) == sizeof number) ++heard;
  ::close(told[0]);

  world.open();
  for (int count = 0; count < heard / 2; ++count) {
    const auto key = std::to_string(count);
    CHECK(world.begin(key).word == "replay answer " + key);
  }
  const auto last = std::to_string(heard / 2);
  const auto word = world.begin(last).word;
  if (heard % 2 == 1) CHECK((word == "recovering" || word == "replay answer " + last));
}
