// Goal: bytes that ended a process while they ran for the first time are not loaded again by the next one, which says
// why and serves everybody else; an operator can have them tried again. Method: fixtures that behave in the canary and
// crash elsewhere, hosts that are child processes and really die.
#include "canary_world.hpp"
#include "in_child.hpp"
#include "loading_world.hpp"

#include "plugin/admission.hpp"
#include "plugin/loading_mark.hpp"

#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/resource.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

struct crash_world {
  crash_world() {
    fs::create_directory(place / "plugins");
    tenants.host.plugin_dirs = {place / "plugins"};
    tenants.host.canary = canary_program;
  }

  /// A host that has just been started.
  result<std::shared_ptr<const plugin_image>> admit(const std::string& name) const {
    const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
    return admission::make(*plugin_store::open(place / "store"), {}, logger)->admit(tenants, name);
  }

  std::string refusal_of(const std::string& name) const {
    const auto admitted = admit(name);
    return admitted ? std::string() : admitted.error().operator_detail;
  }

  std::vector<fs::path> marks() const {
    std::vector<fs::path> found;
    for (const auto& each : fs::directory_iterator(place / "store")) {
      if (says(each.path().native(), mark_infix)) found.push_back(each.path());
    }
    return found;
  }

  scratch_directory place;
  catalog tenants;
};

/// How a process ends that loads the image, and makes a platform if it gets that far: the signal, or 0.
int end_of_host(const std::shared_ptr<const plugin_image>& image) {
  const auto host = ::fork();
  REQUIRE(host >= 0);
  if (host == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGILL, SIG_DFL);  // doctest and sanitizers would report what is meant to happen
    ::setenv("TENON_TEST_CRASH", "1", 1);
    const auto code = loader::make(host_table, std::make_shared<spdlog::logger>("silent"));
    std::promise<void> loaded;
    code->load(image, [&](const result<std::shared_ptr<library>>& made) {
      tenon_instance* instance = nullptr;
      if (made) (*made)->entry().create(nullptr, nullptr, 1, &instance);
      loaded.set_value();
    });
    loaded.get_future().wait();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(host, &status, 0) == host);
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("bytes that ended a host are refused by the next one, a neighbour serves, and forgetting tries them again") {
  for (const std::string fault : {"crashes_in_constructor", "crashes_in_init", "crashes_in_create"}) {
    CAPTURE(fault);
    const crash_world world;
    drop(fault, world.place / "plugins/gam.so");
    drop("good", world.place / "plugins/kevel.so");
    {
      const auto image = world.admit("gam");
      REQUIRE_MESSAGE(image.has_value(), image.error().operator_detail);
      CHECK(end_of_host(*image) != 0);
    }
    const auto why = world.refusal_of("gam");
    CHECK_MESSAGE(says(why, "gam.so: refused (crash): process "), why);
    CHECK(says(why, "ended while it ran these bytes for the first time"));
    const auto hash = fixture(fault).content_hash;
    CHECK(says(why, "tenonctl plugin forget " + hash.substr(0, 16)));
    CHECK(world.refusal_of("kevel") == "");
    CHECK(says(world.refusal_of("gam"), "refused (crash)"));  // however often it is asked

    CHECK(forget_findings(world.place / "store", hash.substr(0, 16)).value() ==
          2);  // the mark and the canary's finding
    CHECK(world.refusal_of("gam") == "");
  }
}

TEST_CASE("a new build under the same name is not blamed for the old one") {
  const crash_world world;
  drop("crashes_in_init", world.place / "plugins/gam.so");
  CHECK(end_of_host(*world.admit("gam")) != 0);
  CHECK(world.refusal_of("gam") != "");
  drop("good", world.place / "plugins/gam.so");
  CHECK(world.refusal_of("gam") == "");
}

TEST_CASE("while a mark's writer lives it blames nobody, and it goes when the first create() came back") {
  const crash_world world;
  drop("good", world.place / "plugins/gam.so");
  const auto image = *world.admit("gam");
  const auto code = loader::make(host_table, std::make_shared<spdlog::logger>("silent"));
  const auto load = [&] {
    std::promise<std::shared_ptr<library>> promise;
    code->load(image, [&](auto made) { promise.set_value(std::move(*made)); });
    return promise.get_future().get();
  };
  auto loaded = load();
  CHECK(world.marks().size() == 1);
  CHECK(world.refusal_of("gam") == "");
  loaded->survived_create();
  CHECK(world.marks().empty());
  loaded.reset();
  loaded = load();  // the second time these bytes run in this process costs no mark
  CHECK(world.marks().empty());
  loaded.reset();
  CHECK(code->stop().empty());
}

TEST_CASE("a library that closes before anything was created takes its mark along") {
  const crash_world world;
  drop("good", world.place / "plugins/gam.so");
  const auto image = *world.admit("gam");
  const auto code = loader::make(host_table, std::make_shared<spdlog::logger>("silent"));
  std::promise<void> dropped;
  code->load(image, [&](const auto&) { dropped.set_value(); });
  dropped.get_future().wait();
  CHECK(code->stop().empty());
  CHECK(world.marks().empty());
}

TEST_CASE("a mark from before the machine's last start, an empty one, and a finding are no crash") {
  const crash_world world;
  drop("good", world.place / "plugins/gam.so");
  REQUIRE(world.refusal_of("gam") == "");
  const auto mark = world.place / ("store/" + fixture("good").content_hash + std::string(mark_infix) + "1.Ab12Cd");
  write_file(mark, "");
  CHECK(world.refusal_of("gam") == "");
  write_file(mark, "another run of the machine\n1\n2026-01-01T00:00:00Z\n/plugins/gam.so\n");
  CHECK(world.refusal_of("gam") == "");
}

TEST_CASE("only the hash of a plugin is forgotten, and only in a store") {
  const crash_world world;
  REQUIRE(plugin_store::open(world.place / "store").has_value());
  CHECK(says(forget_findings(world.place / "store", "gam").error().operator_detail, "expected the SHA-256"));
  CHECK(says(forget_findings(world.place / "store", "0123").error().operator_detail, "first 12 digits"));
  CHECK(forget_findings(world.place / "store", std::string(64, 'a')).value() == 0);
  CHECK_FALSE(forget_findings(world.place / "elsewhere", std::string(64, 'a')).has_value());
}
