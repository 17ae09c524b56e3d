#include "plugin/imports.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tenon {
namespace {

enum class kind : std::uint8_t {
  thread,
  thread_exit,
  process,
  ending,
  signals,
  hook,
  setting,
  loading,
  network,
  waiting,
  kernel,
  debug_mode
};

struct lesson {
  std::string_view harm;
  std::string_view remedy;
};

/// In the order of `kind`.
constexpr std::array<lesson, 12> lessons{{
    {"a thread that is still in its code when it is unloaded crashes the host", "use the SDK's tasks and timers"},
    {"destructors of thread_local variables keep the library mapped until every thread that used it has ended",
     "keep no thread_local with a destructor"},
    {"another process inherits the host's memory, descriptors and secrets", "ask a service over HTTP"},
    {"it ends the process, with all its tenants", "answer an error"},
    {"signals belong to the process: a handler that outlives its library crashes the host",
     "use the SDK's timers, and answer an error"},
    {"the hook stays behind when the library is unloaded, and then crashes the host", "clean up in deinit()"},
    {"it changes the whole process, for all tenants", "keep settings in the platform"},
    {"code that is loaded behind the host's back is neither checked nor unloaded", "link what is needed statically"},
    {"connections that the host does not know are not closed by a reload, and know no limits",
     "use the SDK's http service"},
    {"descriptors that the host does not know are not closed by a reload", "use the SDK's timers and http service"},
    {"it reaches around everything that the host watches", "use the SDK's services"},
    {"the library's debug mode ends the process at the first wrong use of a container",
     "build it without -D_GLIBCXX_DEBUG"},
}};

struct rule {
  std::string_view symbol;
  kind why;
  std::string_view name = {};  ///< if the symbol is not what people call it
};

// Sorted by symbol, so that a look-up takes no time worth mentioning.
constexpr rule exact_rules[] = {
    {"_Exit", kind::ending},
    {"_IO_popen", kind::process, "popen"},
    {"_ZSt13set_terminatePFvvE", kind::hook, "std::set_terminate"},
    {"_ZSt14set_unexpectedPFvvE", kind::hook, "std::set_unexpected"},
    {"_ZSt15set_new_handlerPFvvE", kind::hook, "std::set_new_handler"},
    {"__cxa_at_quick_exit", kind::hook, "at_quick_exit"},
    {"__cxa_thread_atexit", kind::thread_exit},
    {"__cxa_thread_atexit_impl", kind::thread_exit, "__cxa_thread_atexit"},
    {"__pthread_key_create", kind::thread, "pthread_key_create"},
    {"__register_atfork", kind::hook, "pthread_atfork"},
    {"_exit", kind::ending},
    {"accept", kind::network},
    {"accept4", kind::network},
    {"alarm", kind::signals},
    {"at_quick_exit", kind::hook},
    {"atexit", kind::hook},
    {"bind", kind::network},
    {"bsd_signal", kind::signals, "signal"},
    {"chdir", kind::setting},
    {"chroot", kind::setting},
    {"clearenv", kind::setting},
    {"clone", kind::process},
    {"clone3", kind::process},
    {"close_range", kind::kernel},
    {"closefrom", kind::kernel},
    {"connect", kind::network},
    {"daemon", kind::process},
    {"dl_iterate_phdr", kind::loading},
    {"dlclose", kind::loading},
    {"dlmopen", kind::loading},
    {"dlopen", kind::loading},
    {"dlsym", kind::loading},
    {"dlvsym", kind::loading},
    {"epoll_create", kind::waiting},
    {"epoll_create1", kind::waiting},
    {"eventfd", kind::waiting},
    {"execl", kind::process},
    {"execle", kind::process},
    {"execlp", kind::process},
    {"execv", kind::process},
    {"execve", kind::process},
    {"execveat", kind::process},
    {"execvp", kind::process},
    {"execvpe", kind::process},
    {"exit", kind::ending},
    {"exit_group", kind::ending},
    {"fchdir", kind::setting},
    {"fexecve", kind::process},
    {"fork", kind::process},
    {"getaddrinfo", kind::network},
    {"gethostbyname", kind::network},
    {"gethostbyname_r", kind::network},
    {"gsignal", kind::signals, "raise"},
    {"inotify_init", kind::waiting},
    {"inotify_init1", kind::waiting},
    {"kill", kind::signals},
    {"killpg", kind::signals},
    {"listen", kind::network},
    {"mallopt", kind::setting},
    {"mcheck", kind::hook},
    {"mlockall", kind::setting},
    {"mprotect", kind::kernel},
    {"mtrace", kind::hook},
    {"on_exit", kind::hook},
    {"pipe", kind::waiting},
    {"pipe2", kind::waiting},
    {"pkey_mprotect", kind::kernel},
    {"popen", kind::process},
    {"posix_spawn", kind::process},
    {"posix_spawnp", kind::process},
    {"prctl", kind::kernel},
    {"prlimit", kind::setting},
    {"prlimit64", kind::setting},
    {"process_vm_readv", kind::kernel},
    {"process_vm_writev", kind::kernel},
    {"pthread_atfork", kind::hook},
    {"pthread_cancel", kind::thread},
    {"pthread_create", kind::thread},
    {"pthread_detach", kind::thread},
    {"pthread_exit", kind::thread},
    {"pthread_key_create", kind::thread},
    {"pthread_kill", kind::signals},
    {"pthread_setspecific", kind::thread, "pthread_key_create"},
    {"pthread_sigmask", kind::signals},
    {"ptrace", kind::kernel},
    {"putenv", kind::setting},
    {"quick_exit", kind::ending},
    {"raise", kind::signals},
    {"seccomp", kind::setting},
    {"setegid", kind::setting},
    {"setenv", kind::setting},
    {"seteuid", kind::setting},
    {"setgid", kind::setting},
    {"setgroups", kind::setting},
    {"setitimer", kind::signals},
    {"setlocale", kind::setting},
    {"setpgid", kind::setting},
    {"setpriority", kind::setting},
    {"setregid", kind::setting},
    {"setresgid", kind::setting},
    {"setresuid", kind::setting},
    {"setreuid", kind::setting},
    {"setrlimit", kind::setting},
    {"setrlimit64", kind::setting},
    {"setsid", kind::setting},
    {"setuid", kind::setting},
    {"sigaction", kind::signals},
    {"sigaltstack", kind::signals},
    {"signal", kind::signals},
    {"signalfd", kind::signals},
    {"sigprocmask", kind::signals},
    {"sigqueue", kind::signals},
    {"sigset", kind::signals},
    {"sigsuspend", kind::signals},
    {"sigtimedwait", kind::signals},
    {"sigwait", kind::signals},
    {"sigwaitinfo", kind::signals},
    {"socket", kind::network},
    {"socketpair", kind::network},
    {"ssignal", kind::signals, "signal"},
    {"syscall", kind::kernel},
    {"system", kind::process},
    {"sysv_signal", kind::signals, "signal"},
    {"thrd_create", kind::thread},
    {"thrd_detach", kind::thread},
    {"timer_create", kind::signals},
    {"timerfd_create", kind::waiting},
    {"tss_create", kind::thread},
    {"umask", kind::setting},
    {"unsetenv", kind::setting},
    {"unshare", kind::setting},
    {"vfork", kind::process},
    {"waitpid", kind::process},
};
static_assert(std::ranges::is_sorted(exact_rules, {}, &rule::symbol));

/// C++ names by how they begin: the rest depends on the library's version. Every C++ name begins with _Z.
constexpr rule prefix_rules[] = {
    {"_ZNSt6thread15_M_start_thread", kind::thread, "pthread_create"},  // std::thread, std::jthread, std::async
    {"_ZNSt6locale6globalE", kind::setting, "std::locale::global"},
    {"_ZN11__gnu_debug", kind::debug_mode, "_GLIBCXX_DEBUG"},
    {"_ZNK11__gnu_debug", kind::debug_mode, "_GLIBCXX_DEBUG"},
};

#ifdef TENON_COVERAGE
/// Written into every plugin by the compiler when coverage is measured, to keep the counts of processes that end.
constexpr std::string_view coverage_imports[] = {"_exit",  "execl", "execle", "execlp", "execv",  "execve",
                                                 "execvp", "exit",  "fork",   "prctl",  "setenv", "vfork"};
#endif

const rule* exact_rule_for(std::string_view symbol) {
  const auto* at = std::ranges::lower_bound(exact_rules, symbol, {}, &rule::symbol);
  return at != std::end(exact_rules) && at->symbol == symbol ? at : nullptr;
}

const rule* rule_for(std::string_view symbol) {
  if (const auto* exact = exact_rule_for(symbol)) return exact;
  // The C library knows many of its functions by a second name, such as __fork or __libc_system.
  for (const std::string_view alias : {"__libc_", "__"}) {
    if (symbol.starts_with(alias)) return exact_rule_for(symbol.substr(alias.size()));
  }
  if (!symbol.starts_with("_ZN")) return nullptr;
  const auto begins = [symbol](const rule& candidate) { return symbol.starts_with(candidate.symbol); };
  const auto* prefix = std::ranges::find_if(prefix_rules, begins);
  return prefix == std::end(prefix_rules) ? nullptr : prefix;
}

}  // namespace

std::optional<import_advice> advise_against(std::string_view symbol) {
#ifdef TENON_COVERAGE
  if (std::ranges::find(coverage_imports, symbol) != std::end(coverage_imports)) return std::nullopt;
#endif
  const auto* found = rule_for(symbol);
  if (!found) return std::nullopt;
  const auto& told = lessons[static_cast<std::size_t>(found->why)];
  return import_advice{found->name.empty() ? found->symbol : found->name, told.harm, told.remedy};
}

}  // namespace tenon
