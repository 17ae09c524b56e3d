// Goal: a canary run that fails in an unforeseen way keeps nobody waiting and is forgotten. Method: runs that the test
// makes up, on two threads.
#include "fixtures.hpp"

#include "plugin/canary_memory.hpp"

#include <stdexcept>
#include <thread>

using namespace tenon;
using namespace tenon::testing;

TEST_CASE("what a run throws goes to whoever asked, whoever waits is told, and the next one asks again") {
  const scratch_directory place;
  canary_memory memory;
  const canary_key key{.content_hash = std::string(64, 'a'), .program = "/bin/true", .limits = {}};
  std::promise<void> running, waits;
  std::string heard;
  std::jthread waiter;
  const auto second = []() -> result<canary_report> { return canary_report{.refusal = "second"}; };
  const auto fails = [&]() -> result<canary_report> {
    // Whoever asks now finds the run under way.
    waiter = std::jthread([&] {
      running.get_future().wait();
      waits.set_value();
      const auto shared = memory.recall(key, place.path(), second);
      if (!shared.found) heard = shared.found.error().operator_detail;
    });
    running.set_value();
    waits.get_future().wait();
    throw std::runtime_error("out of something");
  };
  CHECK_THROWS_WITH(memory.recall(key, place.path(), fails), "out of something");
  waiter.join();
  // It came before the end and waited, or just after it and asked for itself.
  if (!heard.empty()) CHECK(heard.find("broke off") != std::string::npos);
  const auto again = memory.recall(key, place.path(), []() -> result<canary_report> { return canary_report{}; });
  REQUIRE(again.found.has_value());
  CHECK((heard.empty() || !again.remembered));
}

TEST_CASE("an error of a run is not remembered") {
  const scratch_directory place;
  canary_memory memory;
  const canary_key key{.content_hash = std::string(64, 'a'), .program = "/bin/true", .limits = {}};
  const auto fails = []() -> result<canary_report> { return make_error("CONFIGURATION_ERROR", "", "no room"); };
  CHECK_FALSE(memory.recall(key, place.path(), fails).found.has_value());
  const auto again = memory.recall(key, place.path(), []() -> result<canary_report> { return canary_report{}; });
  CHECK(again.found.has_value());
  CHECK_FALSE(again.remembered);
}
