// Goal: a plugin that dies, hangs or leaves something behind does so in the child, and the host is told which and why.
// Method: one fixture a fault, run by the real program, past the gate, which knows most of these by what they import.
#include "canary_world.hpp"

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

/// Time for all that comes before the step that does not come back, on a slow machine.
constexpr auto hang = 2s;

std::string refusal_of(const std::string& fault, const canary_limits& limits = {}) {
  const auto found = try_out(fixture_path(fault), limits);
  CHECK(no_children());
  INFO(found.refusal);
  CHECK_FALSE(found.refusal.empty());
  return found.refusal;
}

void expect(const std::string& fault, const std::vector<std::string>& parts, const canary_limits& limits = {}) {
  const auto why = refusal_of(fault, limits);
  for (const auto& part : parts) {
    INFO(fault << ": " << why << "\nlacks: " << part);
    CHECK(says(why, part));
  }
}

/// Puts a signal's disposition back at its end.
class ignored_signal {
 public:
  explicit ignored_signal(int number) : number_(number), before_(std::signal(number, SIG_IGN)) {}
  ignored_signal(const ignored_signal&) = delete;
  ignored_signal& operator=(const ignored_signal&) = delete;
  ~ignored_signal() { std::signal(number_, before_); }

 private:
  int number_;
  void (*before_)(int);
};

}  // namespace

TEST_CASE("a plugin without a fault passes, and every phase was timed") {
  const auto found = try_out(fixture_path("good"));
  CHECK(found.refusal == "");
  CHECK(found.cycles == 5);
  CHECK(found.platform);
  CHECK(found.map > 0ns);
  CHECK(found.constructor > 0ns);
  CHECK(found.constructor <= found.map);
  CHECK(found.init > 0ns);
  CHECK(found.create > 0ns);
  CHECK(found.unmap > 0ns);
  CHECK(found.total > found.map);
  CHECK(found.heap_growth == 0);
  CHECK(found.mapped_growth == 0);
  CHECK(no_children());
}

TEST_CASE("real plugins pass: in C and in C++, with coroutines, blocking tasks and required settings") {
  for (const auto* name : {"echo", "echo_c", "echo_blocking", "example"}) {
    const auto found = try_out(std::filesystem::path(PLUGINS) / (std::string(name) + ".so"));
    INFO(name);
    CHECK(found.refusal == "");
    CHECK(found.platform);
  }
}

TEST_CASE("a create that never gets ready passes: its operations are completed, then it is destroyed") {
  CHECK(try_out(fixture_path("canary_create_pending")).refusal == "");
}

TEST_CASE("a create that says it worked and hands nothing back is refused") {
  expect("canary_create_without_instance", {"create() answered TENON_OK without an instance"});
}

TEST_CASE("a static constructor over its budget is refused, one within it passes") {
  const auto slow = try_out(fixture_path("canary_constructor_sleeps"), {.constructor_budget = 20ms});
  CHECK(says(slow.refusal, "its static constructors took"));
  CHECK(says(slow.refusal, "expected at most 20 ms"));
  CHECK(says(slow.refusal, "do that work in create()"));
  CHECK_FALSE(slow.lasting);
  CHECK(slow.constructor >= 60ms);
  CHECK(slow.cycles == 2);
  CHECK(try_out(fixture_path("canary_constructor_sleeps"), {.constructor_budget = 30s, .cycles = 1}).refusal == "");
}

TEST_CASE("a death is told with its signal and its step") {
  expect("canary_constructor_crashes", {"died of SIGSEGV", "in its static constructors (dlopen)", "AddressSanitizer"});
  expect("canary_init_aborts", {"died of SIGABRT", "in init()", "report errors by a status"});
}

TEST_CASE("a plugin that ends the process is refused") {
  for (const auto* fault : {"canary_init_exits", "canary_init_exits_at_once"}) {
    expect(fault, {"ended the process with exit status 0", "in init()", "call neither exit()"});
  }
}

TEST_CASE("a plugin that does not come back is killed at its deadline, and the step is named") {
  expect("canary_init_spins", {"did not come back from init() within", "stalled the thread that loads"},
         {.deadline = hang});
  expect("canary_create_hangs", {"did not come back from create() within"}, {.deadline = hang});
  CHECK_FALSE(try_out(fixture_path("canary_create_hangs"), {.deadline = hang}).lasting);
}

TEST_CASE("a thread that is left behind is told, whether it waits or runs into unmapped code") {
  // Which of the two deaths it is depends on how far the thread has come when its code goes.
  for (const auto* fault : {"canary_thread_waits", "canary_thread_runs"}) {
    expect(fault, {"thread", "use the host's timer/1 and http/1 instead of threads, or join each before deinit()"});
  }
}

TEST_CASE("a process that is left behind is told, and killed with the child") {
  expect("canary_process_left", {"child process", "start no processes"});
}

TEST_CASE("what is left behind in the process is told") {
  expect("canary_descriptor_left", {"it left a descriptor", "/dev/zero", "close it before deinit() returns"});
  expect("canary_signal_handler_left", {"signal handler SIGUSR1 (from default to 0x", "jumps into unmapped code"});
  expect("canary_terminate_handler_left", {"terminate handler", "do not call std::set_terminate()"});
  expect("canary_key_left", {"thread-specific key", "pthread_key_delete()"});
  expect("canary_surroundings_changed",
         {"working directory", "umask", "environment variable CANARY_FIXTURE", "locale C"});
}

TEST_CASE("a handler that is left for the end of the process is told") {
  expect("canary_exit_handler_left", {"died of SIGSEGV", "in the end of the process, when its code was unmapped"});
}

TEST_CASE("a plugin that writes to or closes a descriptor that is not its own is refused") {
  expect("canary_report_garbage", {"wrote to a descriptor that it did not open", "in init()"});
  expect("canary_report_flooded", {"wrote to a descriptor that it did not open"});
  expect("canary_report_forged", {"a report came before the end in init()", "pretends to have passed"});
  expect("canary_report_closed", {"closed a descriptor that it did not open"});
}

TEST_CASE("memory that every cycle keeps is told with its size") {
  const auto heap = try_out(fixture_path("canary_memory_kept"));
  CHECK(says(heap.refusal, "bytes of heap, which a host that reloads never gets back"));
  CHECK(heap.heap_growth >= 64'000);
  CHECK(try_out(fixture_path("canary_memory_kept"), {.cycles = 3}).refusal == "");  // too few to tell it from a cache
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(says(refusal_of("canary_mapping_kept"), "65536 bytes of address space"));
#endif
}

TEST_CASE("many thread-local variables are no fault") {
  CHECK(try_out(fixture_path("canary_thread_local_large")).refusal == "");
}

TEST_CASE("a library that stays mapped is refused unless it may") {
  expect("bad_nodelete", {"still mapped after dlclose()", "-z nodelete", "allow_resident = true"});
  expect("bad_unique_symbol", {"still mapped after dlclose()", "-fno-gnu-unique"});
  const auto allowed = try_out(fixture_path("bad_nodelete"), {.resident = true});
  CHECK(allowed.refusal == "");
  CHECK(allowed.cycles == 1);
}

TEST_CASE("what the loader would refuse is refused with the same words") {
  expect("bad_undefined_symbol", {"the dynamic loader refused it", "function_that_nobody_defines"});
  expect("bad_entry_abi", {"its note states ABI 1.0, its entry 1.99"});
  expect("bad_init", {"init() answered status 1, expected TENON_OK"});
}

TEST_CASE("a file that is none, or is not there, is refused") {
  const scratch_directory place;
  write_file(place / "text.so", "not a library");
  CHECK(says(try_out(place / "text.so").refusal, "not an ELF file"));
  CHECK(says(try_out(place / "missing.so").refusal, "cannot be read: No such file or directory"));
}

TEST_CASE("a program that is missing, or is no canary, is told") {
  const auto missing = run_canary("/nowhere/tenon-canary", fixture_path("good"));
  REQUIRE(!missing);
  CHECK(says(missing.error().operator_detail, "/nowhere/tenon-canary: the canary cannot be started"));
  const auto other = run_canary("/bin/true", fixture_path("good"));
  REQUIRE(other.has_value());
  CHECK_FALSE(other->refusal.empty());
}

TEST_CASE("an embedder that ignores SIGCHLD, and so never sees an exit status, gets the same verdicts") {
  const ignored_signal ignored(SIGCHLD);
  CHECK(try_out(fixture_path("good")).refusal == "");
  CHECK(says(try_out(fixture_path("canary_init_aborts")).refusal, "the child ended in init()"));
  CHECK(says(try_out(fixture_path("canary_init_exits")).refusal, "the child ended in init()"));
  CHECK(says(try_out(fixture_path("canary_init_spins"), {.deadline = hang}).refusal, "did not come back"));
}

TEST_CASE("the child has no environment, no descriptors and no directory of the host's, and stands alone") {
  std::vector<int> opened;  // without close-on-exec, and where the child's are
  for (int i = 0; i < 20; ++i) opened.push_back(::open("/dev/null", O_RDONLY));
  const ignored_signal ignored(SIGUSR2);  // an ignored signal would be inherited
  CHECK(try_out(fixture_path("canary_confined")).refusal == "");
  for (const int fd : opened) CHECK(::close(fd) == 0);
}

TEST_CASE("many threads try plugins out at the same time, and none gets another's verdict") {
  std::vector<std::jthread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const bool bad = i % 2 == 1;
      for (int round = 0; round < 3; ++round) {
        const auto found = run_canary(canary_program, fixture_path(bad ? "canary_init_exits" : "good"));
        right += found && found->refusal.empty() != bad ? 1 : 0;
      }
    });
  }
  threads.clear();
  CHECK(right == 12);
  CHECK(no_children());
}
