#include "process_state.hpp"

#include <array>
#include <cerrno>
#include <cfenv>
#include <charconv>
#include <clocale>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <locale>
#include <new>
#include <thread>

#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_CANARY_SANITIZED 1
// g++ comes without the header that declares it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace tenon::canary {
namespace {

namespace fs = std::filesystem;

template <class Function>
std::string address(Function* function) {
  const auto value = reinterpret_cast<std::uintptr_t>(function);
  std::array<char, 18> text{'0', 'x'};
  const auto end = std::to_chars(text.data() + 2, text.data() + text.size(), value, 16).ptr;
  return {text.data(), end};
}

std::string link_target(const fs::path& link) {
  std::error_code code;
  const auto target = fs::read_symlink(link, code);
  return code ? "?" : target.string();
}

void look_at_threads(process_state& into) {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator("/proc/self/task", code)) {
    into[{"thread", entry.path().filename().string()}] = "running";
  }
}

void look_at_descriptors(process_state& into) {
  std::vector<fs::path> links;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", code)) links.push_back(entry.path());
  for (const auto& link : links) {
    // The directory that was being read is closed by now.
    if (fs::is_symlink(fs::symlink_status(link, code))) into[{"descriptor", link.filename()}] = link_target(link);
  }
}

void look_at_signals(process_state& into) {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0) continue;  // two belong to the C library
    const auto* short_name = ::sigabbrev_np(number);
    const auto name = short_name ? "SIG" + std::string(short_name) : "signal " + std::to_string(number);
    const auto handler = action.sa_handler;
    into[{"signal handler", name}] = handler == SIG_DFL ? "default" : handler == SIG_IGN ? "ignored" : address(handler);
  }
  sigset_t mask;
  ::sigemptyset(&mask);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::string blocked;
  for (int number = 1; number < NSIG; ++number) {
    if (::sigismember(&mask, number) == 1) blocked += (blocked.empty() ? "" : ",") + std::to_string(number);
  }
  into[{"signal mask", ""}] = blocked.empty() ? "empty" : blocked;
  stack_t stack{};
  ::sigaltstack(nullptr, &stack);
  into[{"signal stack", ""}] = (stack.ss_flags & SS_DISABLE) != 0 ? "none" : address(stack.ss_sp);
}

void look_at_hooks(process_state& into) {
  into[{"terminate handler", ""}] = address(std::get_terminate());
  into[{"new handler", ""}] = std::get_new_handler() ? address(std::get_new_handler()) : "none";
  for (const auto which : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    itimerval timer{};
    ::getitimer(which, &timer);
    into[{"interval timer", std::to_string(static_cast<int>(which))}] =
        timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0 ? "running" : "none";
  }
  // A key that was not given back takes one of the lowest numbers.
  std::array<pthread_key_t, 16> keys{};
  std::string numbers;
  std::size_t made = 0;
  while (made < keys.size() && ::pthread_key_create(&keys[made], nullptr) == 0) ++made;
  for (std::size_t i = 0; i < made; ++i) {
    numbers += (i > 0 ? "," : "") + std::to_string(keys[i]);
    ::pthread_key_delete(keys[i]);
  }
  into[{"thread-specific key", ""}] = "next free are " + numbers;
}

void look_at_settings(process_state& into) {
  into[{"working directory", ""}] = link_target("/proc/self/cwd");
  const auto mask = ::umask(077);
  ::umask(mask);
  into[{"umask", ""}] = std::to_string(mask);
  for (char** variable = environ; variable && *variable; ++variable) {
    const std::string_view text(*variable);
    into[{"environment variable", std::string(text.substr(0, text.find('=')))}] = "set to " + std::string(text);
  }
  const char* locale = std::setlocale(LC_ALL, nullptr);
  into[{"locale", "C"}] = locale ? locale : "?";
  into[{"locale", "C++"}] = std::locale().name();
  into[{"locale", "thread"}] = address(::uselocale(nullptr));
  int mode = std::fegetround();
#if defined(__x86_64__)
  mode |= static_cast<int>(__builtin_ia32_stmxcsr() & 0xFFC0u) << 16;  // without the flags that any division sets
#endif
  into[{"floating-point mode", ""}] = std::to_string(mode);
  for (int resource = 0; resource < RLIMIT_NLIMITS; ++resource) {
    struct rlimit limit {};
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) continue;
    into[{"resource limit", std::to_string(resource)}] =
        std::to_string(limit.rlim_cur) + " of " + std::to_string(limit.rlim_max);
  }
}

void look_at_children(process_state& into) {
  siginfo_t child{};
  if (::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) != 0) return;
  into[{"child process", ""}] = child.si_pid != 0 ? "ended, not waited for" : "running";
}

}  // namespace

process_state look_at_process() {
  process_state now;
  look_at_descriptors(now);
  look_at_signals(now);
  look_at_hooks(now);
  look_at_settings(now);
  look_at_children(now);
  look_at_threads(now);
  return now;
}

std::vector<state_change> changes_since(const process_state& before) {
  std::uint64_t threads_before = 0;
  for (const auto& [what, value] : before) threads_before += what.first == "thread" ? 1 : 0;
  for (int patience = 50; patience > 0 && count_threads() > threads_before; --patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto now = look_at_process();
  std::vector<state_change> changes;
  for (const auto& [what, value] : now) {
    const auto old = before.find(what);
    if (old != before.end() && old->second == value) continue;
    changes.push_back({what.first, what.second, old == before.end() ? "" : old->second, value});
  }
  for (const auto& [what, value] : before) {
    if (!now.contains(what)) changes.push_back({what.first, what.second, value, ""});
  }
  return changes;
}

std::uint64_t count_threads() {
  std::uint64_t count = 0;
  std::error_code code;
  for (fs::directory_iterator at("/proc/self/task", code), end; !code && at != end; at.increment(code)) ++count;
  return count;
}

std::uint64_t heap_in_use() {
#ifdef TENON_CANARY_SANITIZED
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
#endif
}

std::uint64_t mapped_bytes() {
#ifdef TENON_CANARY_SANITIZED
  return 0;
#else
  std::ifstream maps("/proc/self/maps");
  std::uint64_t sum = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with("[heap]") || line.ends_with("[stack]")) continue;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    const auto* last = line.data() + line.size();
    const auto first = std::from_chars(line.data(), last, begin, 16);
    if (first.ptr == last) continue;
    std::from_chars(first.ptr + 1, last, end, 16);
    sum += end - begin;
  }
  return sum;
#endif
}

}  // namespace tenon::canary
