// Goal: what a plugin wrote is there for whoever opens the file next, whole or not at all, and no other plugin or
// tenant sees it. Method: real files; a process that dies between two writes is a child that is killed.
#include "storage/tenant_stores.hpp"

#include "state_directory.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>

using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr std::uint64_t plenty = 64u << 20;

std::shared_ptr<tenant_store> opened(const state_directory& at, const std::string& tenant = "acme",
                                     std::uint64_t max_bytes = plenty) {
  auto found = tenant_stores(at.root(), max_bytes).of(tenant);
  if (!found) FAIL(found.error().operator_detail);
  return *found;
}

std::vector<std::string> keys_of(const store_outcome& outcome) {
  std::vector<std::string> keys;
  for (const auto& each : outcome.entries) keys.push_back(each.key);
  return keys;
}

store_write put(std::string key, std::string value, std::uint64_t expected = TENON_STORE_ANY_VERSION) {
  return {.key = std::move(key), .value = std::move(value), .expected = expected};
}

store_write erase(std::string key, std::uint64_t expected = TENON_STORE_ANY_VERSION) {
  return {.key = std::move(key), .expected = expected, .erases = true};
}

}  // namespace

TEST_CASE("an entry is found again by whoever opens the store later, and by its own plugin alone") {
  const state_directory at;
  const std::string value("any\0bytes", 9);
  {
    const auto store = opened(at);
    CHECK(store->get("gam", "k").entries.empty());
    const auto written = store->write("gam", {put("k", value)});
    REQUIRE(written.status == TENON_OK);
    CHECK(written.entries.size() == 1);
    CHECK(written.entries[0].version > 0);
    CHECK(written.entries[0].value.empty());
  }
  const auto store = opened(at);
  const auto found = store->get("gam", "k");
  REQUIRE(found.entries.size() == 1);
  CHECK(found.entries[0].value == value);
  CHECK(store->get("kevel", "k").entries.empty());
  CHECK(opened(at, "beta")->get("gam", "k").entries.empty());
}

TEST_CASE("a write that expects another version changes nothing and says what is there") {
  const state_directory at;
  const auto store = opened(at);
  const auto first = store->write("gam", {put("a", "1", 0)}).entries.at(0).version;
  SUBCASE("it is there already") {
    const auto refused = store->write("gam", {put("b", "2"), put("a", "2", 0)});
    CHECK(refused.status == TENON_E_CONFLICT);
    REQUIRE(refused.entries.size() == 1);
    CHECK(refused.entries[0] == store_entry{"a", "1", first});
    CHECK(store->get("gam", "b").entries.empty());
  }
  SUBCASE("somebody changed it") {
    REQUIRE(store->write("gam", {put("a", "2", first)}).status == TENON_OK);
    CHECK(store->write("gam", {put("a", "3", first)}).status == TENON_E_CONFLICT);
    CHECK(store->get("gam", "a").entries.at(0).value == "2");
  }
  SUBCASE("it went and came back: its version is another") {
    REQUIRE(store->write("gam", {erase("a", first)}).status == TENON_OK);
    REQUIRE(store->write("gam", {put("a", "1")}).status == TENON_OK);
    CHECK(store->write("gam", {erase("a", first)}).status == TENON_E_CONFLICT);
  }
  SUBCASE("it is not there") {
    const auto refused = store->write("gam", {erase("none", 7)});
    CHECK(refused.status == TENON_E_CONFLICT);
    CHECK(refused.entries.at(0).version == 0);
  }
}

TEST_CASE("a list walks the keys of a prefix in the order of their bytes, in steps") {
  const state_directory at;
  const auto store = opened(at);
  std::vector<store_write> writes;
  for (const char* key : {"b/2", "b/1", "a", "b", "b/10", "c", "b/\xff"}) writes.push_back(put(key, key));
  REQUIRE(store->write("gam", writes).status == TENON_OK);
  REQUIRE(store->write("kevel", {put("b/0", "")}).status == TENON_OK);
  CHECK(keys_of(store->list("gam", "b/", "", 0)) == std::vector<std::string>{"b/1", "b/10", "b/2", "b/\xff"});
  CHECK(keys_of(store->list("gam", "b/", "", 2)) == std::vector<std::string>{"b/1", "b/10"});
  CHECK(keys_of(store->list("gam", "b/", "b/10", 2)) == std::vector<std::string>{"b/2", "b/\xff"});
  CHECK(keys_of(store->list("gam", "b/", "b/\xff", 2)).empty());
  CHECK(keys_of(store->list("gam", "", "", 0)).size() == 7);
  CHECK(keys_of(store->list("gam", "b/", "a", 1)) == std::vector<std::string>{"b/1"});
  CHECK(keys_of(store->list("gam", "\xff", "", 0)).empty());
}

TEST_CASE("an answer is no longer than about a megabyte, and yet goes on") {
  const state_directory at;
  const auto store = opened(at);
  for (const char* key : {"1", "2", "3"})
    REQUIRE(store->write("gam", {put(key, std::string(700'000, 'x'))}).status == TENON_OK);
  CHECK(keys_of(store->list("gam", "", "", 0)) == std::vector<std::string>{"1"});
  CHECK(keys_of(store->list("gam", "", "1", 0)) == std::vector<std::string>{"2"});
}

TEST_CASE("a tenant that keeps too much is refused more, and may make room") {
  const state_directory at;
  const auto store = opened(at, "acme", 100);
  REQUIRE(store->write("gam", {put("a", std::string(60, 'x'))}).status == TENON_OK);
  const auto refused = store->write("kevel", {put("b", std::string(60, 'x'))});
  CHECK(refused.status == TENON_E_LIMIT);
  CHECK(refused.message.find("expected at most 100 bytes of one tenant, found 122") != std::string::npos);
  CHECK(store->get("kevel", "b").entries.empty());
  CHECK(store->write("gam", {put("a", std::string(90, 'x'))}).status == TENON_OK);
  CHECK(store->write("gam", {erase("a")}).status == TENON_OK);
  CHECK(store->write("kevel", {put("b", std::string(60, 'x'))}).status == TENON_OK);
}

TEST_CASE("what was answered is there after the process was killed") {
  const state_directory at;
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto store = opened(at);
    for (int count = 0;; ++count) {
      const auto number = std::to_string(count);
      // Two entries at once: both or none may be found later.
      if (store->write("gam", {put("first", number), put("second", number)}).status != TENON_OK) ::_exit(1);
      if (::write(told[1], &count, sizeof count) != sizeof count) ::_exit(2);
    }
  }
  int answered = 0;
  while (answered < 20) REQUIRE(::read(told[0], &answered, sizeof answered) == sizeof answered);
  REQUIRE(::kill(child, SIGKILL) == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  ::close(told[1]);
  while (::read(told[0], &answered, sizeof answered) == sizeof answered) {
  }
  ::close(told[0]);
  const auto store = opened(at);
  const auto first = store->get("gam", "first").entries.at(0).value;
  CHECK(std::stoi(first) >= answered);
  CHECK(store->get("gam", "second").entries.at(0).value == first);
}

TEST_CASE("a file that cannot be used is told with its name and what to do, and is nobody else's trouble") {
  const state_directory at;
  { opened(at); }
  const auto file = at.root() / "tenants" / "acme.sqlite";
  tenant_stores stores(at.root(), plenty);
  std::string expected;
  SUBCASE("garbage") {
    std::ofstream(file, std::ios::trunc) << std::string(5000, 'x');
    expected = "file is not a database; restore the file from a backup, or move it away";
  }
  SUBCASE("of another format") {
    REQUIRE(database::open(at.root() / "other.sqlite", "SELECT 1", 7).has_value());
    std::filesystem::rename(at.root() / "other.sqlite", file);
    expected = "expected format 1, found 7";
  }
  SUBCASE("a link to elsewhere") {
    std::filesystem::rename(file, at.root() / "elsewhere.sqlite");
    std::filesystem::create_symlink(at.root() / "elsewhere.sqlite", file);
    expected = "see that the host's user may write there, or choose another state_dir";
  }
  SUBCASE("in a directory that is open to others") {
    ::chmod((at.root() / "tenants").c_str(), 0755);
    expected = "expected a directory of user";
  }
  const auto found = stores.of("acme");
  REQUIRE_FALSE(found.has_value());
  CHECK_MESSAGE(found.error().operator_detail.find(expected) != std::string::npos, found.error().operator_detail);
  CHECK(found.error().operator_detail.starts_with((at.root() / "tenants").string()));
  ::chmod((at.root() / "tenants").c_str(), 0700);
  CHECK(stores.of("beta").has_value());
}

TEST_CASE("platforms of a tenant share one store, and files are closed to others") {
  const state_directory at;
  tenant_stores stores(at.root(), plenty);
  const auto first = stores.of("acme");
  const auto second = stores.of("acme");
  REQUIRE(first.has_value());
  CHECK(*first == *second);
  struct stat found {};
  REQUIRE(::stat((at.root() / "tenants" / "acme.sqlite").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a store that is there is opened without being written to") {
  const state_directory at;
  const auto file = at.root() / "tenants" / "acme.sqlite";
  tenant_stores stores(at.root(), plenty);
  REQUIRE((*stores.of("acme"))->write("p", {{.key = "a", .value = "1"}}).status == TENON_OK);
  const auto before = std::filesystem::last_write_time(file);
  const auto kept = stores.of("acme");
  REQUIRE(kept.has_value());
  CHECK((*kept)->get("p", "a").entries.size() == 1);
  const auto log = at.root() / "tenants" / "acme.sqlite-wal";
  CHECK((!std::filesystem::exists(log) || std::filesystem::file_size(log) == 0));
  CHECK(std::filesystem::last_write_time(file) == before);
}
