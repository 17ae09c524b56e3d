// The child that runs a plugin's code before the host does. It is started by the host alone, with one socket and
// nothing else; plugin/canary_protocol.hpp says what is spoken there. It starts no thread, so that a plugin's are easy
// to see.
#include "probe.hpp"

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

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// The environment is empty, so the sanitizers' wishes stand here. A fault ends with the signal that it would end with
// anywhere, so that the host can name it; leaks are counted by the cycles.
#define TENON_SANITIZER_WISHES                                                                       \
  "detect_leaks=0:abort_on_error=1:disable_coredump=1:handle_segv=0:handle_sigbus=0:handle_abort=0:" \
  "handle_sigill=0:handle_sigfpe=0"
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return TENON_SANITIZER_WISHES;
}
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return TENON_SANITIZER_WISHES;
}

namespace {

namespace json = boost::json;
namespace canary = tenon::canary;

constexpr int talk_failed = 90;
constexpr int request_failed = 91;

void say(const json::object& line) {
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
    if (count <= 0) ::_exit(request_failed);  // the host went away
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return line;
}

/// Lowers a limit. Rationale: a failure is no reason to stop, as where a filter of system calls forbids it: the host's
/// deadline ends the child anyway.
void limit(__rlimit_resource resource, rlim_t value) {
  struct rlimit now {};
  if (::getrlimit(resource, &now) != 0) return;
  now.rlim_cur = now.rlim_max = now.rlim_max == RLIM_INFINITY ? value : std::min(value, now.rlim_max);
  ::setrlimit(resource, &now);
}

/// Takes away what the probe does not need. There is no limit on processes: it counts all of the user's, and threads
/// are to be seen, not prevented.
void confine(const json::object& request) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::fcntl(canary::report_descriptor, F_SETFD, FD_CLOEXEC);
  ::umask(077);
  if (::chdir("/") != 0) ::_exit(request_failed);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 64);
  limit(RLIMIT_CPU, request.at("cpu_seconds").to_number<std::uint64_t>());
  const auto space = request.at("address_space").to_number<std::uint64_t>();
  if (space > 0) limit(RLIMIT_AS, space);
  std::signal(SIGXFSZ, SIG_IGN);  // a write to a file fails, instead of ending us
  limit(RLIMIT_FSIZE, 0);
}

}  // namespace

int main() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::clearenv();
  try {
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // a path is bytes
    const auto request = json::parse(hear_line(), {}, options).as_object();
    if (::getppid() != request.at("parent").to_number<pid_t>()) return request_failed;  // it died before the prctl()
    confine(request);
    const canary::probe_request wanted{
        .path = std::string(request.at("path").as_string()),
        .cycles = request.at("cycles").to_number<unsigned>(),
        .resident = request.at("resident").as_bool(),
        .constructor_budget_ns = request.at("constructor_budget_ns").to_number<std::uint64_t>()};
    const auto threads = canary::count_threads();
    const canary::announcement announce = [threads](std::string_view step) {
      json::object line{{"step", step}};
      // Whoever is still there when the code is unmapped runs into nothing: the host names it by this.
      if (step == canary::steps::unmap) line["threads"] = canary::count_threads() - threads;
      say(line);
    };
    announce(canary::steps::begin);
    auto report = canary::run_probe(wanted, announce);
    announce(canary::steps::exit);
    say({{"report", std::move(report)}});
  } catch (const std::exception& wrong) {
    say({{"report", json::object{{"failed", wrong.what()}}}});
  }
  return EXIT_SUCCESS;
}
