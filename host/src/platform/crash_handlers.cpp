#include "platform/crash_handlers.hpp"

#include "platform/entry_record.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>
#include <utility>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon {
namespace {

struct crash_signal {
  int number;
  const char* name;
  bool repeats;  ///< the faulting instruction runs again when its handler returns
};

// Without SIGSYS and SIGTRAP some faults would go unnoticed: what seccomp forbids, and __builtin_trap() on ARM.
constexpr std::array<crash_signal, 7> handled{{{SIGSEGV, "SIGSEGV", true},
                                               {SIGBUS, "SIGBUS", true},
                                               {SIGILL, "SIGILL", true},
                                               {SIGFPE, "SIGFPE", true},
                                               {SIGABRT, "SIGABRT", false},
                                               {SIGTRAP, "SIGTRAP", false},
                                               {SIGSYS, "SIGSYS", false}}};

// A signal handler is given nothing of ours: what it needs is the process's. All of it is constant-initialised.
constinit std::mutex installing;  // of users, key_made and beneath, and of writes to previous
constinit int users = 0;
constinit bool key_made = false;
constinit pthread_key_t stack_key{};
constinit std::array<struct sigaction, handled.size()> previous{};
// Somebody installed his own on top of ours before ours went: he may still call ours.
constinit std::array<bool, handled.size()> beneath{};
constinit std::atomic<bool> installed{false};
constinit thread_local bool prepared = false;

void on_crash(int signal, siginfo_t* info, void*);

std::size_t index_of(int signal) noexcept {
  const auto at = std::ranges::find(handled, signal, &crash_signal::number);
  return static_cast<std::size_t>(at - handled.begin());
}

bool is_ours(const struct sigaction& of) noexcept {
  return (of.sa_flags & SA_SIGINFO) != 0 && of.sa_sigaction == on_crash;
}

bool is_default(const struct sigaction& of) noexcept {
  return (of.sa_flags & SA_SIGINFO) == 0 && (of.sa_handler == SIG_DFL || of.sa_handler == SIG_IGN);
}

bool by_this_thread(const siginfo_t& info) noexcept {
  return info.si_code > 0 || (info.si_code == SI_TKILL && info.si_pid == ::getpid());
}

void mark(entry_slot& slot, int signal, const siginfo_t& info) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  slot.died_at.store(now.tv_sec, std::memory_order_relaxed);
  slot.address.store(info.si_code > 0 ? reinterpret_cast<std::uintptr_t>(info.si_addr) : 0, std::memory_order_relaxed);
  slot.signal.store(signal, std::memory_order_release);
}

/// [signal handler]
void on_crash(int signal, siginfo_t* info, void*) {
  const auto kept = errno;
  const auto index = index_of(signal);
  auto* const slot = recorded_entry::innermost();
  if (slot != nullptr && by_this_thread(*info)) mark(*slot, signal, *info);
  ::sigaction(signal, &previous[index], nullptr);
  // What does not repeat is sent again, as it came: it is delivered when this returns.
  if (!handled[index].repeats || info->si_code <= 0)
    ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::syscall(SYS_gettid), signal, info);
  errno = kept;
}

std::size_t stack_size() noexcept {
  const auto wanted =
      std::max<long>(::sysconf(_SC_SIGSTKSZ), 64 * 1024);  // of whoever handles the signal after us, too
  const auto page = ::sysconf(_SC_PAGESIZE);
  return static_cast<std::size_t>((wanted + page - 1) / page * page);
}

void drop_stack(void* memory) {
  stack_t found{};
  if (::sigaltstack(nullptr, &found) == 0 && found.ss_sp == memory && (found.ss_flags & SS_DISABLE) == 0) {
    const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    ::sigaltstack(&none, nullptr);
  }
  ::munmap(memory, stack_size());
  prepared = false;
}

void give_stack() noexcept {
  stack_t found{};
  if (::sigaltstack(nullptr, &found) != 0 || (found.ss_flags & SS_DISABLE) == 0) return;
  const auto size = stack_size();
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  const stack_t given{.ss_sp = memory, .ss_flags = 0, .ss_size = size};
  // A pthread key, for a thread_local destructor would take the dynamic loader's lock.
  if (::pthread_setspecific(stack_key, memory) != 0 || ::sigaltstack(&given, nullptr) != 0) {
    ::pthread_setspecific(stack_key, nullptr);
    ::munmap(memory, size);
  }
}

}  // namespace

std::shared_ptr<crash_handlers> crash_handlers::install() {
  return std::shared_ptr<crash_handlers>(new crash_handlers);
}

crash_handlers::crash_handlers() {
  const std::lock_guard lock(installing);
  if (users++ != 0) return;
  if (!key_made) key_made = ::pthread_key_create(&stack_key, drop_stack) == 0;
  struct sigaction ours {};
  ours.sa_sigaction = on_crash;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&ours.sa_mask);
  for (std::size_t index = 0; index < handled.size(); ++index) {
    struct sigaction found {};
    ::sigaction(handled[index].number, nullptr, &found);
    // Ours is still there if somebody's on top of it has gone since; what was before it is known. Nor does ours go on
    // top of one that may call ours: each would leave the signal to the other, for ever.
    if (is_ours(found) || (std::exchange(beneath[index], false) && !is_default(found))) continue;
    previous[index] = found;
    ::sigaction(handled[index].number, &ours, nullptr);
  }
  if (key_made) installed.store(true, std::memory_order_release);
}

crash_handlers::~crash_handlers() {
  const std::lock_guard lock(installing);
  if (--users != 0) return;
  installed.store(false, std::memory_order_relaxed);
  for (std::size_t index = 0; index < handled.size(); ++index) {
    struct sigaction found {};
    ::sigaction(handled[index].number, nullptr, &found);
    beneath[index] = !is_ours(found) && !is_default(found);
    if (is_ours(found)) ::sigaction(handled[index].number, &previous[index], nullptr);
  }
}

void crash_handlers::prepare_thread() noexcept {
  if (prepared || !installed.load(std::memory_order_acquire)) return;
  prepared = true;
  give_stack();
}

const char* name_of_crash(int signal) noexcept {
  const auto index = index_of(signal);
  return index < handled.size() ? handled[index].name : "an unknown signal";
}

bool has_address(int signal) noexcept {
  const auto index = index_of(signal);
  return index < handled.size() && handled[index].repeats;
}

}  // namespace tenon
