// Goal: the generated tables are those of the served release, and look-ups behave at the edges.
#include "base/release.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tenon;

TEST_CASE("the served release is 3.0.6 with its 57 tasks, 45 codes and 19 specialisms") {
  CHECK(release::version == "3.0.6");
  CHECK(release::tasks().size() == 57);
  CHECK(release::codes().size() == 45);
  CHECK(release::specialisms().size() == 19);
}

TEST_CASE("every table is sorted, so that every entry is found by name") {
  for (const auto& task : release::tasks()) CHECK(release::find_task(task.name) == &task);
  for (const auto& entry : release::specialisms()) CHECK(release::find_specialism(entry.name) == &entry);
  for (const auto& code : release::codes()) CHECK(release::recovery_of(code.name) == code.recover);
}

TEST_CASE("a task knows whether it is mutating") {
  REQUIRE(release::find_task("create_media_buy") != nullptr);
  CHECK(release::find_task("create_media_buy")->mutating);
  CHECK_FALSE(release::find_task("get_products")->mutating);
  CHECK(release::find_task("get_product") == nullptr);
  CHECK(release::find_task("") == nullptr);
}

TEST_CASE("specialisms are named as on the wire and know their entry tasks") {
  const auto* guaranteed = release::find_specialism("sales-guaranteed");
  REQUIRE(guaranteed != nullptr);
  CHECK(std::ranges::find(guaranteed->entry_tasks, "create_media_buy") != guaranteed->entry_tasks.end());
  CHECK(release::find_specialism("sales_guaranteed") == nullptr);
}

TEST_CASE("an unknown code is transient, a broken configuration and an internal error are terminal") {
  CHECK(release::recovery_of("SOMETHING_NEW") == recovery::transient);
  CHECK(release::recovery_of("INTERNAL_ERROR") == recovery::terminal);
  CHECK(release::recovery_of("CONFIGURATION_ERROR") == recovery::terminal);
  CHECK(release::recovery_of("UNSUPPORTED_FEATURE") == recovery::correctable);
  CHECK(release::recovery_of("SERVICE_UNAVAILABLE") == recovery::transient);
}
