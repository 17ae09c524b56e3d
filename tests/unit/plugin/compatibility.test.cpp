// Goal: a plugin this host cannot serve is refused, and each difference is told with both sides and what to do.
// Method: a compatible manifest with one member changed.
#include "fixtures.hpp"

using namespace tenon;
using namespace tenon::testing;

namespace {

manifest compatible() {
  auto read = read_manifest(fixture("good").bytes);
  REQUIRE(read.has_value());
  return std::move(*read);
}

std::string refusal_of(const manifest& plugin) {
  const auto checked = check_compatibility(plugin);
  return checked ? std::string() : checked.error().operator_detail;
}

}  // namespace

TEST_CASE("the build's own plugin is compatible") { CHECK(refusal_of(compatible()) == ""); }

TEST_CASE("a newer minor ABI version is refused: the plugin may rely on what this host has not") {
  auto plugin = compatible();
  plugin.abi_minor = 99;
  CHECK(says(refusal_of(plugin), "the host has plugin ABI 1.0, the plugin was built for 1.99; build it"));
}

TEST_CASE("another major ABI version is refused") {
  auto plugin = compatible();
  plugin.abi_major = 0;
  CHECK(says(refusal_of(plugin), "built for 0.0"));
  plugin.abi_major = 2;
  CHECK(says(refusal_of(plugin), "built for 2.0"));
}

TEST_CASE("another sanitizer is refused") {
  auto plugin = compatible();
  plugin.sanitizer = "memory";
  CHECK(says(refusal_of(plugin), "the plugin with memory; build both the same way"));
}

TEST_CASE("the order in which sanitizers are named does not matter") {
  auto plugin = compatible();
  if (plugin.sanitizer != "address,undefined") return;  // only the build with both can tell
  plugin.sanitizer = "undefined,address";
  CHECK(refusal_of(plugin) == "");
}

TEST_CASE("a service that the host lacks is named, with the one that was meant") {
  const auto read = read_manifest(fixture("bad_service").bytes);
  REQUIRE(read.has_value());
  const auto found = refusal_of(*read);
  CHECK_MESSAGE(says(found, "needs the service \"htp/1\", this host offers log/1, clock/1"), found);
  CHECK_MESSAGE(says(found, "did you mean \"http/1\"?"), found);
}

TEST_CASE("another AdCP release is refused") {
  auto plugin = compatible();
  plugin.adcp = "2.5";
  CHECK(says(refusal_of(plugin), "the host serves AdCP 3.0, the plugin speaks \"2.5\""));
}

TEST_CASE("all differences are told at once") {
  auto plugin = compatible();
  plugin.adcp = "2.5";
  plugin.abi_minor = 99;
  plugin.services = {"teleport/1"};
  const auto found = refusal_of(plugin);
  CHECK(says(found, "2.5"));
  CHECK(says(found, "1.99"));
  CHECK(says(found, "teleport/1"));
}
