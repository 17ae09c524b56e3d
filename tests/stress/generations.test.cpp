// Goal: calls that hang in old code keep that code mapped, are answered exactly once when they end, and then nothing of
// it remains. Method: ten calls hang in each of two generations while a third one serves; they end because their
// callers stop them, or at their deadline. What is mapped is read from /proc/self/maps.
#include "hosts.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr int count = 10;

/// The next generation's file in place of the last one's, and in service.
void move_to(const host_directory& files, host_fixture& host, const std::filesystem::path& next) {
  files.drop(next, "echo");
  CHECK(host.reload().ok());
  CHECK(host.call("acme", "get_products").has_value());
}

void check_that_only_the_last_is_left(const host_directory& files, host_fixture& host,
                                      const std::vector<const hanging_calls*>& all) {
  for (const auto* calls : all) {
    CHECK(host_fixture::eventually([&] { return calls->answered() == count; }));
  }
  CHECK(host_fixture::eventually([&] { return files.mapped() == 1 && host->status().libraries.size() == 1; }));
  CHECK(host->status().libraries_closed == 2);
  for (const auto* calls : all) CHECK(calls->most_answers() == 1);
  CHECK(host.call("acme", "get_products").has_value());
  CHECK(host.stop().empty());
  CHECK(files.mapped() == 0);
  for (const auto* calls : all) CHECK(calls->most_answers() == 1);
}

}  // namespace

TEST_CASE("ten calls hang in each of two old generations: both stay while they do, and go when callers stop them") {
  const echo_tenants files;
  host_fixture host(files, 1);  // one thread: a call has entered the plugin when one that came after it is answered
  hanging_calls first(host, "acme", count);
  CHECK(version_of(host.call("acme", "get_products")) == "1.0.0");
  move_to(files, host, echo_2);
  hanging_calls second(host, "acme", count);
  CHECK(version_of(host.call("acme", "get_products")) == "2.0.0");
  move_to(files, host, echo_waiting);
  CHECK(version_of(host.call("acme", "get_products")) == "1.0.0");
  CHECK(files.mapped() == 3);
  CHECK(host->status().libraries.size() == 3);
  CHECK(first.answered() == 0);
  CHECK(second.answered() == 0);

  second.stop();  // the younger one first
  CHECK(host_fixture::eventually([&] { return files.mapped() == 2; }));
  CHECK(first.answered() == 0);
  first.stop();
  check_that_only_the_last_is_left(files, host, {&first, &second});
}

TEST_CASE("ten calls hang in each of two old generations until the host answers them at their deadline, and both go") {
  const echo_tenants files("6000");
  host_fixture host(files, 2);
  hanging_calls first(host, "acme", count);
  CHECK(host.call("acme", "get_products").has_value());
  move_to(files, host, echo_2);
  hanging_calls second(host, "acme", count);
  CHECK(host.call("acme", "get_products").has_value());
  move_to(files, host, echo_waiting);
  check_that_only_the_last_is_left(files, host, {&first, &second});
}
