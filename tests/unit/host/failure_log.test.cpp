// Goal: operators read why calls fail, and a tenant in trouble does not fill the log. Method: a clock turned by hand
// and a log kept in memory.
#include "host/failure_log.hpp"

#include "manual_clock.hpp"

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <doctest/doctest.h>

#include <utility>

using namespace tenon;
using namespace tenon::testing;

namespace {

struct kept_log {
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> lines = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(16);
  manual_clock time;
  failure_log log{std::make_shared<spdlog::logger>("test", lines), time};

  kept_log() { lines->set_pattern("%l %v"); }

  std::vector<std::string> read() const {
    auto read = lines->last_formatted();
    for (auto& line : read) line.erase(line.find_last_not_of('\n') + 1);
    return read;
  }
};

const error unreachable = make_error("SERVICE_UNAVAILABLE", "Try again later.", "connect to 127.0.0.1:9: refused");

}  // namespace

TEST_CASE("a failure is a line with its tenant, task, code, trace and detail") {
  kept_log kept;
  kept.log.tell("acme", "get_products", "00-ab-01", unreachable);
  CHECK(kept.read() ==
        std::vector<std::string>{"warning tenant acme: get_products failed with SERVICE_UNAVAILABLE, trace "
                                 "00-ab-01: connect to 127.0.0.1:9: refused"});
}

TEST_CASE("a tenant in trouble gets a line a second, and the next one says how many were left out") {
  kept_log kept;
  for (int i = 0; i < 5; ++i) kept.log.tell("acme", "get_products", "", unreachable);
  kept.log.tell("zenith", "get_products", "", unreachable);
  CHECK(kept.read().size() == 2);
  kept.time.advance(std::chrono::seconds(1));
  kept.log.tell("acme", "get_products", "", unreachable);
  REQUIRE(kept.read().size() == 3);
  CHECK(kept.read().back().ends_with("refused (and 4 more failures before)"));
  kept.time.advance(std::chrono::seconds(1));
  kept.log.tell("acme", "get_products", "", unreachable);
  CHECK(kept.read().back().ends_with("refused"));
}

TEST_CASE("what buyers can correct, and what has no detail, is not the operators' business") {
  kept_log kept;
  kept.log.tell("acme", "create_media_buy", "", make_error("INVALID_REQUEST", "No such product.", "product p-9"));
  kept.log.tell("acme", "create_media_buy", "", make_error("SERVICE_UNAVAILABLE", "Try again later."));
  CHECK(kept.read().empty());
}
