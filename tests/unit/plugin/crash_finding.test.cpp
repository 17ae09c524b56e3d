// Goal: what is held against a plugin's bytes for a tenant can be read by the next host and by an operator, stays until
// it is forgiven, and is about nobody else. Method: real stores.
#include "plugin/crash_finding.hpp"
#include "fixtures.hpp"

#include "plugin/loading_mark.hpp"

#include <sstream>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

const std::string bytes = std::string(63, 'a') + '1';
const std::string others = std::string(63, 'b') + '2';

crash_finding crash_of(const std::string& content_hash, const std::string& tenant) {
  return {.content_hash = content_hash,
          .tenant = tenant,
          .plugin = "gam",
          .version = "1.2.0",
          .entered = "create_media_buy",
          .signal = "SIGSEGV at 0x10",
          .time = "2026-01-31T12:00:00Z",
          .process = "12"};
}

struct crash_store {
  crash_store() { REQUIRE(plugin_store::open(place / "store").has_value()); }

  void keep(const std::string& content_hash, const std::string& tenant) const {
    const auto kept = keep_crash(path(), crash_of(content_hash, tenant));
    REQUIRE_MESSAGE(kept.has_value(), kept.error().operator_detail);
  }
  std::string against(const std::string& tenant, const std::string& content_hash) const {
    return crash_findings::read(path()).against(tenant, content_hash).value_or("");
  }
  fs::path path() const { return place / "store"; }

  scratch_directory place;
};

}  // namespace

TEST_CASE("a crash is held against its bytes for its tenant alone, with what happened and what to do") {
  const crash_store store;
  store.keep(bytes, "acme");
  const auto why = store.against("acme", bytes);
  CHECK_MESSAGE(says(why, "tenant acme: refused (crash): expected plugin bytes that end no process, found that"), why);
  CHECK(says(why,
             "process 12 died with SIGSEGV at 0x10 inside gam 1.2.0 (aaaaaaaaaaaa), in create_media_buy, at "
             "2026-01-31T12:00:00Z"));
  CHECK(says(why, "tenonctl plugin forgive aaaaaaaaaaaa --tenant acme --store " + store.path().string()));
  CHECK(store.against("beta", bytes) == "");
  CHECK(store.against("acme", others) == "");
}

TEST_CASE("an operator can read the file, which says how to be rid of it") {
  const crash_store store;
  store.keep(bytes, "acme");
  std::ostringstream text;
  text << std::ifstream(store.path() / (bytes + ".acme.crash")).rdbuf();
  CHECK(says(text.str(), "tenonctl plugin forgive aaaaaaaaaaaa --tenant acme"));
  CHECK(says(text.str(), "\nsignal: SIGSEGV at 0x10\ntenant: acme\nplugin: gam\nversion: 1.2.0\n"));
}

TEST_CASE("one tenant is forgiven, or all, and forgetting what happened while loading forgives nobody") {
  const crash_store store;
  for (const auto* tenant : {"acme", "beta", "x.loading.y", "z.canary"}) store.keep(bytes, tenant);
  store.keep(others, "acme");
  CHECK(forget_findings(store.path(), bytes).value() == 0);
  CHECK(forgive_crashes(store.path(), bytes.substr(0, 12), "acme").value() == 1);
  CHECK(store.against("acme", bytes) == "");
  CHECK(store.against("beta", bytes) != "");
  CHECK(forgive_crashes(store.path(), bytes).value() == 3);
  CHECK(store.against("x.loading.y", bytes) == "");
  CHECK(store.against("acme", others) != "");
  CHECK(forgive_crashes(store.path(), bytes).value() == 0);
}

TEST_CASE("only the hash of a plugin is forgiven, and only in a store") {
  const crash_store store;
  CHECK(says(forgive_crashes(store.path(), "gam").error().operator_detail, "expected the SHA-256"));
  CHECK(says(forgive_crashes(store.path(), "0123").error().operator_detail, "first 12 digits"));
  CHECK_FALSE(forgive_crashes(store.place / "elsewhere", bytes).has_value());
}

TEST_CASE("a finding that cannot be read still holds, and files of other names say nothing") {
  const crash_store store;
  write_file(store.path() / (bytes + ".acme.crash"), "");
  CHECK(says(store.against("acme", bytes), "which cannot be read"));
  write_file(store.path() / "short.acme.crash", "");
  write_file(store.path() / (others + ".crash"), "");
  CHECK(store.against("acme", others) == "");
  CHECK(crash_findings::read(store.place / "elsewhere").against("acme", bytes) == std::nullopt);
}

TEST_CASE("a crash that cannot be named is not kept") {
  const crash_store store;
  CHECK_FALSE(keep_crash(store.path(), crash_of("abc", "acme")).has_value());
  CHECK_FALSE(keep_crash(store.path(), crash_of(bytes, "../acme")).has_value());
  CHECK_FALSE(keep_crash(store.path(), crash_of(bytes, "")).has_value());
}

TEST_CASE("a trim takes no finding, however old it is and whatever its tenant is called") {
  const crash_store store;
  for (const auto* tenant : {"acme", "x.so", "x.canary", "x.loading.1", "x.canary.y"}) store.keep(bytes, tenant);
  const auto trimmed = (*plugin_store::open(store.path()))
                           ->trim({.retention = 1h, .max_bytes = 0}, std::chrono::system_clock::now() + 1000h);
  REQUIRE(trimmed.has_value());
  CHECK(trimmed->removed_files == 0);
  for (const auto* tenant : {"acme", "x.so", "x.canary", "x.loading.1", "x.canary.y"})
    CHECK(store.against(tenant, bytes) != "");
}
