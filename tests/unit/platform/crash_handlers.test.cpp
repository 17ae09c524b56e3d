// Goal: the handlers mark what the dying thread is in, mark nothing that came from outside, and leave the end of the
// process as it was. Method: child processes without threads, which die.
#include "platform/crash_handlers.hpp"
#include "platform/entry_record.hpp"

#include "fixtures.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <functional>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr int not_ended = 77;

/// How a child ends that does this: -signal, or its exit status.
int end_of(const std::function<void()>& does) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) std::signal(signal, SIG_DFL);
    does();
    ::_exit(not_ended);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// Says by the exit status what is marked, as somebody's handler that was there before.
void say_mark(int, siginfo_t* info, void*) {
  const auto* const slot = recorded_entry::innermost();
  ::_exit(slot == nullptr ? 1 : slot->signal.load() == 0 ? 2 : slot->signal.load() == info->si_signo ? 3 : 4);
}

void listen(int signal) {
  struct sigaction saying {};
  saying.sa_sigaction = say_mark;
  saying.sa_flags = SA_SIGINFO;
  ::sigaction(signal, &saying, nullptr);
}

volatile std::uintptr_t nowhere = 16;
[[gnu::no_sanitize("address", "undefined")]] void write_nowhere() { *reinterpret_cast<volatile int*>(nowhere) = 1; }

struct sigaction before_reporter {};

/// A crash reporter of the embedder: leaves the signal to whoever handled it before.
void report(int signal, siginfo_t*, void*) { ::sigaction(signal, &before_reporter, nullptr); }

void install_reporter() {
  struct sigaction reporting {};
  reporting.sa_sigaction = report;
  reporting.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &reporting, &before_reporter);
}

struct dying_world {
  dying_world() { REQUIRE(plugin_store::open(place.path() / "store").has_value()); }

  /// A child that dies in an entry, with the handlers.
  int end_inside(const std::function<void()>& before, const std::function<void()>& does) const {
    return end_of([&] {
      const auto record = entry_record::open(place.path() / "store");
      before();
      const auto handlers = crash_handlers::install();
      const auto label = make_label("acme", {});
      const recorded_entry inside(record->get(), label, "get_products");
      does();
    });
  }

  scratch_directory place;
};

}  // namespace

TEST_CASE("whoever handled a signal before handles it still, and finds the entry marked") {
  const dying_world world;
  CHECK(world.end_inside([] { listen(SIGSEGV); }, write_nowhere) == 3);
  CHECK(world.end_inside([] { listen(SIGABRT); }, [] { std::abort(); }) == 3);
  CHECK(world.end_inside([] { listen(SIGTRAP); }, [] { std::raise(SIGTRAP); }) == 3);
}

TEST_CASE("a process dies of the signal that it would have died of") {
  const dying_world world;
  CHECK(world.end_inside([] {}, write_nowhere) == -SIGSEGV);
  CHECK(world.end_inside([] {}, [] { std::abort(); }) == -SIGABRT);
  CHECK(world.end_inside([] {}, [] { std::raise(SIGFPE); }) == -SIGFPE);
  CHECK(world.end_inside([] {}, [] { std::raise(SIGSYS); }) == -SIGSYS);
}

TEST_CASE("a signal that was sent to the process marks nothing, whoever sent it") {
  const dying_world world;
  for (const int signal : {SIGABRT, SIGSEGV}) {
    CHECK(world.end_inside([signal] { listen(signal); }, [signal] { ::kill(::getpid(), signal); }) == 2);
    CHECK(world.end_inside([] {}, [signal] { ::kill(::getpid(), signal); }) == -signal);
  }
}

TEST_CASE("outside of plugins nothing is marked, and the process ends as ever") {
  CHECK(end_of([] {
          listen(SIGSEGV);
          const auto handlers = crash_handlers::install();
          write_nowhere();
        }) == 1);
}

TEST_CASE("the handlers go with the last who wanted them, and not from under others") {
  CHECK(end_of([] {
          listen(SIGABRT);
          auto first = crash_handlers::install();
          const auto second = crash_handlers::install();
          first.reset();
          struct sigaction found {};
          ::sigaction(SIGABRT, nullptr, &found);
          if (found.sa_sigaction == say_mark) ::_exit(10);
        }) == not_ended);
  CHECK(end_of([] {
          listen(SIGABRT);
          crash_handlers::install().reset();
          struct sigaction found {};
          ::sigaction(SIGABRT, nullptr, &found);
          if (found.sa_sigaction != say_mark) ::_exit(10);
        }) == not_ended);
  CHECK(end_of([] {
          auto ours = crash_handlers::install();
          listen(SIGABRT);
          ours.reset();
          struct sigaction found {};
          ::sigaction(SIGABRT, nullptr, &found);
          if (found.sa_sigaction != say_mark) ::_exit(10);
        }) == not_ended);
}

TEST_CASE("a crash reporter that came after the first host keeps no process alive that dies in a second one") {
  CHECK(end_of([] {
          auto first = crash_handlers::install();
          install_reporter();
          first.reset();
          const auto second = crash_handlers::install();
          ::alarm(30);  // of a process that would fault for ever
          write_nowhere();
        }) == -SIGSEGV);
}
