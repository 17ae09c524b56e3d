#include "plugin/canary_process.hpp"

#include "plugin/canary_protocol.hpp"
#include "plugin/file.hpp"
#include "plugin/refusal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tenon::canary {
namespace {

using clock_type = std::chrono::steady_clock;

/// The settings of posix_spawn, freed at the end. A failure to set one shows when the child is started: it gets none.
struct spawn_settings {
  spawn_settings() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;
  ~spawn_settings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }

  /// The first error, or 0.
  int give_only(int socket) {
    int failed = 0;
    const auto keep = [&](int outcome) { failed = failed != 0 ? failed : outcome; };
    for (const int fd : {0, 1, 2}) keep(::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0));
    keep(::posix_spawn_file_actions_adddup2(&files, socket, report_descriptor));
    keep(::posix_spawn_file_actions_addclosefrom_np(&files, report_descriptor + 1));
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    keep(::posix_spawnattr_setsigmask(&attributes, &none));
    keep(::posix_spawnattr_setsigdefault(&attributes, &all));
    keep(::posix_spawnattr_setpgroup(&attributes, 0));
    keep(::posix_spawnattr_setflags(&attributes,
                                    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
    return failed;
  }

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

struct socket_pair {
  file_descriptor ours;
  file_descriptor theirs;  ///< above the numbers that the child gives away first
};

socket_pair make_sockets() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
  file_descriptor low(ends[1]);
  return {file_descriptor(ends[0]), file_descriptor(::fcntl(low.get(), F_DUPFD_CLOEXEC, report_descriptor + 1))};
}

/// A started child. It waits for its line, so it is there until we have a descriptor for it that no other process can
/// take over, whoever reaps children in this program.
class child {
 public:
  child(pid_t id, file_descriptor socket)
      : id_(id), handle_(static_cast<int>(::syscall(SYS_pidfd_open, id, 0))), socket_(std::move(socket)) {}
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  void tell(std::string_view line) const {
    // A short line fits into the socket's buffer; a child that died before is found dead below.
    (void)::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  /// Until it ended. What it breaks ends it.
  void listen(conversation& into, clock_type::time_point deadline) {
    bool killed = false;
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_type::now()).count();
      std::array<pollfd, 2> waited{{{handle_.get(), POLLIN, 0}, {open_ ? socket_.get() : -1, POLLIN, 0}}};
      const int limit = killed ? -1 : static_cast<int>(std::clamp<long long>(left, 0, 1'000'000));
      if (::poll(waited.data(), waited.size(), limit) < 0) continue;  // a signal of the embedder's
      if (waited[1].revents != 0) hear(into);
      if (waited[0].revents != 0) break;
      into.flooded = into.heard.size() > longest_conversation;
      into.timed_out = !killed && !into.flooded && clock_type::now() >= deadline;
      if (killed || (!into.flooded && !into.timed_out)) continue;
      kill();
      killed = true;
      open_ = false;
      deadline = clock_type::time_point::max();
    }
    if (open_) hear(into);
    into.flooded = into.heard.size() > longest_conversation;
  }

  /// Takes the status, and whatever processes the child has left in its group.
  void bury(conversation& into) const {
    siginfo_t how{};
    int outcome = 0;
    do {
      outcome = ::waitid(P_PIDFD, static_cast<id_t>(handle_.get()), &how, WEXITED | WNOWAIT);
    } while (outcome != 0 && errno == EINTR);
    if (outcome != 0 || how.si_pid == 0) return;
    // Not reaped yet, so the number of the group is still its own.
    ::kill(-id_, SIGKILL);
    if (::waitid(P_PIDFD, static_cast<id_t>(handle_.get()), &how, WEXITED) != 0) return;
    into.status_known = true;
    into.exit_status = how.si_code == CLD_EXITED ? how.si_status : 0;
    into.signal = how.si_code == CLD_EXITED ? 0 : how.si_status;
  }

  void kill() const { ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0); }

 private:
  void hear(conversation& into) {
    std::array<char, 4096> buffer;
    while (into.heard.size() <= longest_conversation) {
      const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        open_ = count < 0 && errno == EAGAIN;
        return;
      }
      into.heard.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  pid_t id_;
  file_descriptor handle_;
  file_descriptor socket_;
  bool open_ = true;
};

error cannot_start(const std::filesystem::path& program, int number) {
  const auto* advice = number == EACCES || number == ENOENT
                           ? "; install it, or name it in [host] canary"
                           : "; the host's user must be able to start processes, try again when the machine has room";
  return refusal(program.string() + ": the canary cannot be started: " + describe_errno(number) + advice);
}

}  // namespace

result<conversation> converse(const std::filesystem::path& program, std::string_view line,
                              std::chrono::milliseconds deadline, std::string argument) {
  const auto started = clock_type::now();
  auto [ours, theirs] = make_sockets();
  if (!ours || !theirs) return cannot_start(program, errno);
  spawn_settings settings;
  if (const int failed = settings.give_only(theirs.get()); failed != 0) return cannot_start(program, failed);
  auto name = program.filename().string();
  std::array<char*, 3> arguments{name.data(), argument.empty() ? nullptr : argument.data(), nullptr};
  std::string own_variable(only_variable);
  std::array<char*, 2> environment{own_variable.data(), nullptr};
  pid_t id = 0;
  const int failed =
      ::posix_spawn(&id, program.c_str(), &settings.files, &settings.attributes, arguments.data(), environment.data());
  if (failed != 0) return cannot_start(program, failed);
  theirs = {};
  child running(id, std::move(ours));
  if (!running) return cannot_start(program, errno);  // it ends by itself: nobody will talk to it
  conversation made;
  running.tell(line);
  running.listen(made, started + deadline);
  running.bury(made);
  made.took = clock_type::now() - started;
  return made;
}

}  // namespace tenon::canary
