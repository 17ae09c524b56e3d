// One case in a process of its own, which the plugin may end however it likes. What is spoken is the canary's protocol:
// one line of JSON comes, lines with the next step go, then one with the outcome.
#include "child.hpp"

#include "check_case.hpp"

#include "plugin/canary_protocol.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>
#include <typeinfo>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// Rationale: as for the canary, whose environment is empty too; and a small quarantine, so that memory that is freed
// is seen to be freed.
#define TENON_SANITIZER_WISHES                                                                       \
  "detect_leaks=0:abort_on_error=1:disable_coredump=1:handle_segv=0:handle_sigbus=0:handle_abort=0:" \
  "handle_sigill=0:handle_sigfpe=0:quarantine_size_mb=1"
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return TENON_SANITIZER_WISHES;
}
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "abort_on_error=1:handle_segv=0:handle_sigbus=0:handle_abort=0";
}

namespace tenon::plugin_check {
namespace {

namespace json = boost::json;

constexpr int talk_failed = 90;
constexpr int request_failed = 91;

// What tells our lines from a plugin's that writes to descriptors it did not open.
std::string own_key;

void say(json::object line) {
  line["key"] = own_key;
  auto text = json::serialize(line);
  text += '\n';
  for (std::string_view left = text; !left.empty();) {
    const auto count = ::send(canary::report_descriptor, left.data(), left.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ::_exit(talk_failed);  // the plugin closed or replaced our descriptor
    left.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string hear_line() {
  std::string line;
  std::array<char, 4096> buffer;
  while (line.size() < canary::longest_conversation && !line.ends_with('\n')) {
    const auto count = ::recv(canary::report_descriptor, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ::_exit(request_failed);
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return line;
}

void limit(__rlimit_resource resource, rlim_t value) {
  struct rlimit now {};
  if (::getrlimit(resource, &now) != 0) return;
  now.rlim_cur = now.rlim_max = now.rlim_max == RLIM_INFINITY ? value : std::min(value, now.rlim_max);
  ::setrlimit(resource, &now);
}

void confine(const json::object& request) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::fcntl(canary::report_descriptor, F_SETFD, FD_CLOEXEC);
  ::umask(077);
  if (::chdir("/") != 0) ::_exit(request_failed);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 64);
  limit(RLIMIT_CPU, request.at("cpu_seconds").to_number<std::uint64_t>());
  if (sanitizer_factor() == 1) limit(RLIMIT_AS, 2ull << 30);
  std::signal(SIGXFSZ, SIG_IGN);  // a write to a file fails, instead of ending us
  limit(RLIMIT_FSIZE, 0);
}

/// An exception that leaves a noexcept function ends here: its text is the author's best hint.
[[noreturn]] void tell_exception() {
  if (const auto leaving = std::current_exception()) {
    try {
      std::rethrow_exception(leaving);
    } catch (const std::exception& wrong) {
      say({{"exception",
            std::string(typeid(wrong).name()).substr(0, 128) + ": " + std::string(wrong.what()).substr(0, 512)}});
    } catch (...) {
      say({{"exception", "no std::exception"}});
    }
  }
  std::abort();
}

workbench read_workbench(const json::object& request) {
  workbench bench;
  const auto text = [](const json::value& value) { return std::string(value.as_string()); };
  bench.file = text(request.at("file"));
  bench.copies = {text(request.at("copies").at(0)), text(request.at("copies").at(1))};
  for (const auto& name : request.at("allow_imports").as_array()) bench.policy.allow_imports.push_back(text(name));
  if (const auto* settings = request.if_contains("settings")) bench.settings = settings->as_object();
  if (const auto* upstream = request.if_contains("upstream")) bench.upstream = *upstream;
  bench.cycles = request.at("cycles").to_number<unsigned>();
  bench.constructor_budget_ms = request.at("constructor_budget_ms").to_number<std::uint64_t>();
  bench.announce = [last = std::string()](std::string_view step) mutable {
    if (last != step) say({{"step", step}});
    last = step;
  };
  return bench;
}

outcome run_case(const check_case& wanted, workbench& bench) {
  try {
    return wanted.run(bench);
  } catch (verdict_reached& known) {
    return std::move(known.reached);
  } catch (const std::exception& wrong) {
    return failed("plugin-check gave up: " + std::string(wrong.what()), "report this with the plugin");
  }
}

json::object in_json(const outcome& reached) {
  constexpr std::string_view names[] = {"pass", "fail", "skip"};
  return {{"result", names[static_cast<std::size_t>(reached.result)]},
          {"reason", reached.reason.substr(0, 4096)},
          {"advice", reached.advice.substr(0, 4096)},
          {"figures", reached.figures}};
}

}  // namespace

int run_child() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::clearenv();
  try {
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // a path is bytes
    const auto request = json::parse(hear_line(), {}, options).as_object();
    if (::getppid() != request.at("parent").to_number<pid_t>()) return request_failed;  // it died before the prctl()
    own_key = std::string(request.at("key").as_string());
    confine(request);
    std::set_terminate(tell_exception);
    auto bench = read_workbench(request);
    const auto name = request.at("case").as_string();
    for (const auto& one : all_cases()) {
      if (one.full_name() != std::string_view(name)) continue;
      const auto reached = run_case(one, bench);
      if (reached.result != verdict::pass || one.full_name() != "lifecycle.leftovers") {
        say({{"report", in_json(reached)}});
        ::_exit(EXIT_SUCCESS);  // what it left behind is another case's
      }
      bench.announce("the end of the process, when its code was unmapped");
      say({{"report", in_json(reached)}});
      return EXIT_SUCCESS;
    }
  } catch (const std::exception&) {
  }
  return request_failed;
}

}  // namespace tenon::plugin_check
