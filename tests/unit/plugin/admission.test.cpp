// Goal: a plugin file is admitted only after every check, from the bytes that were checked, and what the canary found
// is asked for once. Method: real files, store and children; fixtures that pass the gate and fail when they run.
#include "canary_world.hpp"

#include "plugin/admission.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <sstream>
#include <thread>
#include <vector>

using namespace tenon;
using namespace tenon::testing;
namespace fs = std::filesystem;

namespace {

/// A plugin directory, a store, and a host's configuration.
class admission_world {
 public:
  admission_world() {
    fs::create_directory(place / "plugins");
    tenants.host.plugin_dirs = {place / "plugins"};
    tenants.host.canary = canary_program;
  }

  void drop_fixture(const std::string& fault) const { drop(fault, place / "plugins" / (fault + ".so")); }

  /// A host that has just been started.
  std::shared_ptr<admission> start(const canary_limits& limits = {}) {
    return admission::make(*plugin_store::open(place / "store"), {}, logger, limits);
  }

  std::string refusal_of(admission& by, const std::string& name) const {
    const auto admitted = by.admit(tenants, name);
    return admitted ? std::string() : admitted.error().operator_detail;
  }

  scratch_directory place;
  catalog tenants;
  std::ostringstream log;
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
};

}  // namespace

TEST_CASE("an admitted image is the stored copy of the bytes that were checked") {
  admission_world world;
  world.drop_fixture("good");
  const auto admitting = world.start();
  const auto image = admitting->admit(world.tenants, "good");
  REQUIRE(image.has_value());
  CHECK((*image)->name == "good");
  CHECK((*image)->manifest.id == "fixture");
  CHECK((*image)->stored.parent_path() == world.place / "store");
  CHECK((*image)->content_hash == fixture("good").content_hash);
  const auto timing = admitting->last_timing();
  CHECK(timing.read.count() > 0);
  CHECK(timing.gate.count() > 0);
  CHECK(timing.store.count() > 0);
  CHECK(timing.canary >= timing.report.total);
  CHECK_FALSE(timing.remembered);
}

TEST_CASE("the same bytes cost one child, good or bad, also after a restart") {
  admission_world world;
  world.drop_fixture("good");
  world.drop_fixture("canary_create_without_instance");
  const auto first = world.start();
  CHECK(world.refusal_of(*first, "good") == "");
  const auto fresh = world.refusal_of(*first, "canary_create_without_instance");
  CHECK(says(fresh, "canary_create_without_instance.so: refused (canary): "));
  CHECK(says(fresh, "without an instance"));
  CHECK(first->canaries() == 2);

  CHECK(world.refusal_of(*first, "good") == "");
  CHECK(first->last_timing().remembered);
  CHECK(says(world.refusal_of(*first, "canary_create_without_instance"), "found earlier for the same bytes"));
  CHECK(first->canaries() == 2);

  const auto second = world.start();
  CHECK(world.refusal_of(*second, "good") == "");
  CHECK(says(world.refusal_of(*second, "canary_create_without_instance"), "without an instance"));
  CHECK(second->canaries() == 0);
}

TEST_CASE("other bytes under the same name are tried out") {
  admission_world world;
  drop("canary_create_without_instance", world.place / "plugins/gam.so");
  const auto admitting = world.start();
  CHECK(says(world.refusal_of(*admitting, "gam"), "without an instance"));
  drop("good", world.place / "plugins/gam.so");
  CHECK(world.refusal_of(*admitting, "gam") == "");
  CHECK(admitting->canaries() == 2);
}

TEST_CASE("a finding that is damaged, or that others could have written, is not believed") {
  admission_world world;
  world.drop_fixture("good");
  CHECK(world.refusal_of(*world.start(), "good") == "");
  const auto finding = world.place / "store" / (fixture("good").content_hash + ".canary");
  REQUIRE(fs::exists(finding));
  const auto asks_again = [&] {
    const auto admitting = world.start();
    CHECK(world.refusal_of(*admitting, "good") == "");
    return admitting->canaries() == 1;
  };
  CHECK_FALSE(asks_again());
  fs::permissions(finding, fs::perms::others_write, fs::perm_options::add);
  CHECK(asks_again());
  CHECK_FALSE(asks_again());
  write_file(finding, "{\"key\": \"0\", \"refusal\": \"\"}");
  CHECK(asks_again());
  write_file(finding, "{\"key\"");
  CHECK(asks_again());
}

TEST_CASE("a refusal about time alone is remembered until a restart") {
  admission_world world;
  world.drop_fixture("canary_init_spins");
  const canary_limits hasty{.deadline = std::chrono::seconds(2)};
  const auto first = world.start(hasty);
  CHECK(says(world.refusal_of(*first, "canary_init_spins"), "did not come back from init()"));
  CHECK(says(world.refusal_of(*first, "canary_init_spins"), "a restart tries again"));
  CHECK(first->canaries() == 1);
  const auto second = world.start(hasty);
  CHECK(says(world.refusal_of(*second, "canary_init_spins"), "did not come back from init()"));
  CHECK(second->canaries() == 1);
}

TEST_CASE("threads that admit the same bytes at once share one child") {
  admission_world world;
  world.drop_fixture("good");
  const auto admitting = world.start();
  std::atomic<int> admitted{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { admitted += admitting->admit(world.tenants, "good") ? 1 : 0; });
    }
  }
  CHECK(admitted == 8);
  CHECK(admitting->canaries() == 1);
}

TEST_CASE("the gate comes first: what it refuses costs no child and is not stored") {
  admission_world world;
  world.drop_fixture("bad_no_note");
  const auto admitting = world.start();
  CHECK(says(world.refusal_of(*admitting, "bad_no_note"), "refused (manifest)"));
  CHECK(says(world.refusal_of(*admitting, "missing"), "expected missing.so in"));
  CHECK(admitting->canaries() == 0);
  CHECK(fs::is_empty(world.place / "store"));
}

TEST_CASE("the policy decides: what may stay mapped passes gate and canary") {
  admission_world world;
  world.drop_fixture("bad_nodelete");
  const auto admitting = world.start();
  CHECK_FALSE(world.refusal_of(*admitting, "bad_nodelete").empty());
  plugin_policy policy;
  policy.allow_resident = true;
  world.tenants.plugins.emplace("bad_nodelete", policy);
  CHECK(world.refusal_of(*admitting, "bad_nodelete") == "");
}

TEST_CASE("a canary that is not there is an error that says what to do; without one the host warns once") {
  admission_world world;
  world.drop_fixture("good");
  world.tenants.host.canary = "/nowhere/tenon-canary";
  const auto admitting = world.start();
  const auto why = world.refusal_of(*admitting, "good");
  CHECK(says(why, "found none at /nowhere/tenon-canary"));
  CHECK(says(why, "canary = \"off\" goes without"));

  world.tenants.host.canary = "off";
  CHECK(world.refusal_of(*admitting, "good") == "");
  CHECK(world.refusal_of(*admitting, "good") == "");
  world.logger->flush();
  const auto log = world.log.str();
  const auto at = log.find("[host] canary = \"off\"");
  CHECK(at != log.npos);
  CHECK(log.find("[host] canary = \"off\"", at + 1) == log.npos);

  world.tenants.host.canary = canary_program;  // what was missing is not remembered
  CHECK(world.refusal_of(*admitting, "good") == "");
  CHECK(admitting->canaries() == 1);
}

TEST_CASE("the configuration's canary goes before the embedder's, and both before the one beside the program") {
  CHECK(*find_canary(canary_program, "/nowhere") == canary_program);
  CHECK(*find_canary("", canary_program) == canary_program);
  CHECK_FALSE(find_canary("/nowhere", canary_program).has_value());
  CHECK(*find_canary("", {}) == canary_program);  // this test lies beside it
}
