// Goal: a manifest is read completely, and each thing that can be wrong with one is named. Method: the note of a real
// plugin, with other JSON written into it.
#include "fixtures.hpp"

#include <tenon/abi/types.h>

#include <string>

using namespace tenon;
using namespace tenon::testing;

namespace {

std::string complaint(std::string_view json) {
  const auto read = read_manifest(with_manifest(fixture("good"), json).bytes);
  return read ? std::string() : read.error().operator_detail;
}

}  // namespace

TEST_CASE("a complete manifest is read") {
  const auto file = with_manifest(fixture("good"), R"({"id": "gam", "version": "1.2.0", "adcp": "3.0", "unknown": 1,
    "tasks": [{"name": "get_products"}, {"name": "create_media_buy", "blocking": true, "mutating": true}],
    "specialisms": ["sales-guaranteed"], "features": ["inline_creative_management"], "settings_schema": {"type": "object"}, "services": ["http/1"],
    "interfaces": ["proposals/1"], "upstreams": ["https://a.example"], "concurrent": true, "sdk": "0.1.0"})");
  const auto read = read_manifest(file.bytes);
  REQUIRE(read.has_value());
  CHECK(read->id == "gam");
  CHECK(read->version == "1.2.0");
  CHECK(read->abi_major == TENON_ABI_MAJOR);
  CHECK(read->abi_minor == TENON_ABI_MINOR);
  CHECK(read->adcp == "3.0");
  REQUIRE(read->tasks.size() == 2);
  CHECK(*read->find_task("create_media_buy") == manifest_task{"create_media_buy", true, true});
  CHECK(*read->find_task("get_products") == manifest_task{"get_products", false, false});
  CHECK(read->find_task("get_product") == nullptr);
  CHECK(read->specialisms == std::vector<std::string>{"sales-guaranteed"});
  CHECK(read->features == std::vector<std::string>{"inline_creative_management"});
  CHECK(read->settings_schema.at("type") == "object");
  CHECK(read->services == std::vector<std::string>{"http/1"});
  CHECK(read->interfaces == std::vector<std::string>{"proposals/1"});
  CHECK(read->upstreams == std::vector<std::string>{"https://a.example"});
  CHECK(read->concurrent);
  CHECK(read->sdk == "0.1.0");
}

TEST_CASE("a wrong member is named with what was expected and found") {
  struct row {
    std::string_view json, says;
  };
  constexpr row rows[] = {
      {"[1]", "expected a JSON object, found [1]"},
      {"{\"id\": ", "not JSON"},
      {R"({"version": "1", "adcp": "3.0", "tasks": []})", "manifest.id: required, but missing"},
      {R"({"id": 7, "version": "1", "adcp": "3.0", "tasks": []})", "manifest.id: expected a string, found 7"},
      {R"({"id": "", "version": "1", "adcp": "3.0", "tasks": []})", "manifest.id: expected a string that is not empty"},
      {R"({"id": "a", "version": "../1", "adcp": "3.0", "tasks": []})",
       "manifest.version: expected at most 64 letters"},
      {R"({"id": "a", "version": "1", "adcp": "3.0"})", "manifest.tasks: required"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": {}})", "manifest.tasks: expected an array, found {}"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": ["x"]})", "manifest.tasks[0]: expected an object"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": [{"name": ""}]})",
       "manifest.tasks[0].name: expected a string that"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": [{"name": "x", "blocking": 1}]})",
       "manifest.tasks[0].blocking: expected true or false, found 1"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": [{"name": "x"}, {"name": "x"}]})",
       "\"x\" is listed twice"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": [], "services": [1]})",
       "manifest.services: expected an array of str"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": [], "concurrent": "y"})",
       "manifest.concurrent: expected true or"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": [], "upstreams": ["b"]})",
       "manifest.upstreams: expected origins"},
      {R"({"id": "a", "version": "1", "adcp": "3.0", "tasks": [], "settings_schema": {"oneOf": []}})",
       "keyword \"oneOf\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    const auto found = complaint(row.json);
    CHECK_MESSAGE(says(found, row.says), found);
  }
}

TEST_CASE("a manifest nested too deeply is refused") {
  const std::string deep = std::string(60, '[') + std::string(60, ']');
  CHECK(says(complaint(R"({"id": )" + deep + "}"), "not JSON"));
}

TEST_CASE("a manifest that states more bytes than its note has is refused") {
  auto file = with_manifest(fixture("good"), R"({"id": "a"})");
  const std::string_view all(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  const auto at = all.find(R"({"id": "a"})");
  REQUIRE(at != all.npos);
  std::memset(file.bytes.data() + at - 4, 0xFF, 4);
  const auto read = read_manifest(file.bytes);
  REQUIRE(!read);
  CHECK(says(read.error().operator_detail, "states 4294967295 bytes"));
}

TEST_CASE("a shared object without a manifest is no plugin") {
  const auto read = read_manifest(fixture("bad_no_note").bytes);
  REQUIRE(!read);
  CHECK(read.error().code == "CONFIGURATION_ERROR");
  CHECK(says(read.error().operator_detail, "no manifest note"));
}
