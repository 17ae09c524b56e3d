// Goal: a plugin that ends the process is named by the next host, which does not load its bytes again for the tenant
// that they worked for, serves everybody else, and takes them again when they are forgiven. What ends a process from
// outside blames nobody. Method: hosts that are child processes and really die, and hosts after them on the same store.
#include "host_fixture.hpp"

#include "plugin/crash_finding.hpp"

#include <doctest/doctest.h>

#include <csignal>

#include <fcntl.h>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

using namespace tenon;
using namespace tenon::testing;
namespace fs = std::filesystem;

namespace {

const fs::path fixture_file = TENON_TEST_FIXTURES "/crashes_in_task.so";
const std::string request_for_nothing = "{}";

/// A host in a process of its own, which was sent one request.
class child_host {
 public:
  child_host(const fs::path& config, const std::string& tenant, const std::string& request) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::string program = TENON_TEST_DYING_HOST, file = config.string(), to = tenant, body = request;
    char* const arguments[] = {program.data(), file.data(), to.data(), body.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);  // reports of sanitizers
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    ::posix_spawn_file_actions_addclose(&actions, ends[1]);
    const auto failed = ::posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    said_ = ends[0];
    REQUIRE(failed == 0);
  }
  child_host(const child_host&) = delete;
  child_host& operator=(const child_host&) = delete;
  ~child_host() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      end();
    }
    ::close(said_);
  }

  /// Reads what it says until that is among it. False: it ended before.
  bool has_said(const std::string& text) {
    char part[512];
    while (log.find(text) == log.npos) {
      const auto count = ::read(said_, part, sizeof part);
      if (count <= 0) return false;
      log.append(part, static_cast<std::size_t>(count));
    }
    return true;
  }

  void kill(int signal) const { REQUIRE(::kill(child_, signal) == 0); }

  /// Waits until it has ended: its exit status as waitpid() gives it.
  int end() {
    int status = 0;
    REQUIRE(::waitpid(std::exchange(child_, -1), &status, 0) > 0);
    return status;
  }

  std::string log;

 private:
  pid_t child_ = -1;
  int said_ = -1;
};

/// Two tenants of the plugin that does as it is told.
struct poisoned : host_directory {
  poisoned() {
    drop(fixture_file, "gam");
    write_tenant("acme", "plugin = \"gam\"\n");
    write_tenant("beta", "plugin = \"gam\"\n");
  }
  fs::path store() const { return root() / "store"; }
  std::vector<std::string> files_with(std::string_view ending) const {
    std::vector<std::string> found;
    for (const auto& each : fs::directory_iterator(store())) {
      auto name = each.path().filename().string();
      if (name.ends_with(ending)) found.push_back(std::move(name));
    }
    return found;
  }
  /// The content hash that the only finding names.
  std::string poison() const {
    const auto found = files_with(crash_suffix);
    REQUIRE(found.size() == 1);
    return found[0].substr(0, 64);
  }
};

/// The refusal that a call gets, for an operator; or "served".
std::string outcome_of(host_fixture& host, const std::string& tenant) {
  const auto outcome = host.call(tenant, "get_products", request_for_nothing);
  if (outcome) return "served";
  return outcome.error().code + ": " + outcome.error().operator_detail;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

struct fault {
  std::string request;
  int signal;
  std::string name;
};

}  // namespace

TEST_CASE("whatever way a plugin ends the process, its bytes are refused for that tenant until they are forgiven") {
  const fault faults[] = {{R"({"do": "write"})", SIGSEGV, "SIGSEGV at 0x10"},
                          {R"({"do": "abort"})", SIGABRT, "SIGABRT"},
                          {R"({"do": "overflow"})", SIGSEGV, "SIGSEGV at 0x"}};
  for (const auto& [request, signal, name] : faults) {
    CAPTURE(request);
    const poisoned files;
    child_host dying(files.config(), "acme", request);
    const auto status = dying.end();
    if (std::string(TENON_TEST_SANITIZER).empty() || signal == SIGABRT)
      CHECK((WIFSIGNALED(status) && WTERMSIG(status) == signal));
    else
      CHECK(status != 0);  // sanitizers report what they are handed, and exit

    host_fixture next(files);
    const auto why = outcome_of(next, "acme");
    const auto hash = files.poison();
    CHECK_MESSAGE(says(why, "CONFIGURATION_ERROR: tenant acme: refused (crash): expected "), why);
    CHECK_MESSAGE(says(why, "died with " + name), why);
    CHECK(says(why, " inside gam 1.0.0 (" + hash.substr(0, 12) + "), in get_products, at 20"));
    CHECK(says(why, "tenonctl plugin forgive " + hash.substr(0, 12) + " --tenant acme --store "));
    CHECK(says(next.log(), "died with " + name));
    CHECK(outcome_of(next, "beta") == "served");

    files.drop(fixture_file, "gam");  // the same bytes
    CHECK_FALSE(next.reload().ok());
    CHECK(says(outcome_of(next, "acme"), "refused (crash)"));

    CHECK(forgive_crashes(files.store(), hash.substr(0, 12), "acme").value() == 1);
    CHECK(next.reload().ok());
    CHECK(outcome_of(next, "acme") == "served");
  }
}

TEST_CASE("a process that goes on and on is refused after every restart, and other bytes are served") {
  const poisoned files;
  child_host(files.config(), "acme", R"({"do": "write"})").end();
  for (int restart = 0; restart < 3; ++restart) {
    child_host again(files.config(), "acme", R"({"do": "write"})");
    CHECK(again.has_said("refused (crash)"));
    CHECK(again.has_said("answered: "));
    CHECK(again.end() != 0);
    CHECK(files.files_with(crash_suffix).size() == 1);
  }
  host_fixture next(files);
  CHECK(says(outcome_of(next, "acme"), "refused (crash)"));
  {
    std::ofstream changed(files.root() / "plugins/gam.so", std::ios::binary | std::ios::app);
    changed << "other bytes";
  }
  CHECK(next.reload().ok());
  CHECK(outcome_of(next, "acme") == "served");
}

TEST_CASE("a process that is ended from outside while a plugin runs is told, and held against nobody") {
  for (const int signal : {SIGKILL, SIGABRT, SIGSEGV}) {
    CAPTURE(signal);
    const poisoned files;
    child_host hanging(files.config(), "acme", R"({"do": "wait"})");
    REQUIRE(hanging.has_said("inside"));
    hanging.kill(signal);
    CHECK(hanging.end() != 0);
    CHECK(files.files_with(".entries").size() == 1);

    host_fixture next(files);
    CHECK(files.files_with(crash_suffix).empty());
    CHECK_MESSAGE(says(next.log(), "in get_products, when something else ended it; not held against the plugin"),
                  next.log());
    CHECK(outcome_of(next, "acme") == "served");
  }
}

TEST_CASE("a host that ends in order leaves no record, and one that lives is not taken for dead") {
  const poisoned files;
  {
    host_fixture first(files);
    CHECK(outcome_of(first, "acme") == "served");
    host_fixture second(files);
    CHECK(files.files_with(".entries").size() == 2);
    CHECK(outcome_of(second, "acme") == "served");
  }
  CHECK(files.files_with(".entries").empty());
  CHECK(files.files_with(crash_suffix).empty());
}
