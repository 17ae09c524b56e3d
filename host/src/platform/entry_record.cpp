#include "platform/entry_record.hpp"

#include "platform/crash_handlers.hpp"
#include "plugin/store_place.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace tenon {
namespace {

// A thread looks at this many slots, beginning with its own, before its entry goes without.
constexpr std::uint32_t slots_tried = 16;

// Never a destructor, whose registration would take the dynamic loader's lock; and initial-exec, for a signal handler
// must not be the first to ask for a thread's copy.
[[gnu::tls_model("initial-exec")]] constinit thread_local entry_slot* current = nullptr;
constinit thread_local std::uint32_t thread_number = 0;
constinit std::atomic<std::uint32_t> threads_seen{0};
constinit std::atomic<std::uint64_t> labels_made{0};

std::uint32_t number_of_thread() noexcept {
  if (thread_number == 0) thread_number = threads_seen.fetch_add(1, std::memory_order_relaxed) + 1;
  return thread_number;
}

void put(entry_label::text& into, std::string_view from) noexcept {
  from.copy(into.data(), into.size() - 1);  // the rest is zero
}

}  // namespace

result<std::shared_ptr<entry_record>> entry_record::open(const std::filesystem::path& store) {
  auto fresh = (store / std::string(incoming)).string() + "XXXXXX";
  file_descriptor opened(::mkostemp(fresh.data(), O_CLOEXEC));
  if (!opened) return store_error(store, "make a file", errno);
  const auto fail = [&fresh, &store](const char* action, int number) {
    ::unlink(fresh.c_str());
    return store_error(store, action, number);
  };
  if (!lock_file(opened.get(), lock_kind::exclusive)) return fail("lock a file", errno);
  // A page of the file that the disk has no room for would end the process at its first use.
  if (const auto failed = ::posix_fallocate(opened.get(), 0, sizeof(entry_file)); failed != 0)
    return fail("keep room in a file", failed);
  void* const memory = ::mmap(nullptr, sizeof(entry_file), PROT_READ | PROT_WRITE, MAP_SHARED, opened.get(), 0);
  if (memory == MAP_FAILED) return fail("map a file", errno);
  auto* const mapped = new (memory) entry_file{.process = ::getpid()};

  // Its own name only now: whoever finds it so and unlocked knows that its process is gone.
  const auto path =
      store / (std::to_string(::getpid()) + '.' + fresh.substr(fresh.size() - 6) + std::string(entries_suffix));
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    const auto number = errno;
    ::munmap(memory, sizeof(entry_file));
    return fail("name a file", number);
  }
  return std::shared_ptr<entry_record>(new entry_record(path, std::move(opened), mapped));
}

entry_record::entry_record(std::filesystem::path path, file_descriptor locked, entry_file* mapped) noexcept
    : path_(std::move(path)), locked_(std::move(locked)), mapped_(mapped) {}

entry_record::~entry_record() {
  ::unlink(path_.c_str());
  ::munmap(mapped_, sizeof(entry_file));
}

entry_slot* entry_record::claim(const entry_label& who, const char* entered) noexcept {
  const auto first = number_of_thread();
  for (std::uint32_t tried = 0; tried < slots_tried; ++tried) {
    auto& slot = mapped_->slots[(first + tried) % entry_file::slot_count];
    auto empty = slot_state::empty;
    if (slot.state.load(std::memory_order_relaxed) != empty) continue;
    if (!slot.state.compare_exchange_strong(empty, slot_state::filling, std::memory_order_acquire)) continue;
    if (slot.label.number != who.number) slot.label = who;
    const auto length = ::strnlen(entered, slot.entered.size() - 1);
    std::memcpy(slot.entered.data(), entered, length);
    slot.entered[length] = '\0';
    slot.state.store(slot_state::inside, std::memory_order_release);
    return &slot;
  }
  return nullptr;
}

entry_label make_label(const std::string& tenant, const plugin_image& image) noexcept {
  entry_label made;
  made.number = labels_made.fetch_add(1, std::memory_order_relaxed) + 1;
  put(made.tenant, tenant);
  put(made.plugin, image.name);
  put(made.version, image.manifest.version);
  put(made.content_hash, image.content_hash);
  return made;
}

// An entry without a slot hides the outer one, which must not be blamed for it.
recorded_entry::recorded_entry(entry_record* record, const entry_label& who, const char* entered) noexcept
    : slot_(record ? record->claim(who, entered) : nullptr), outer_(current) {
  if (slot_ != nullptr) crash_handlers::prepare_thread();
  std::atomic_signal_fence(std::memory_order_release);
  current = slot_;
  std::atomic_signal_fence(std::memory_order_release);
}

void recorded_entry::leave() noexcept {
  if (!current_) return;
  current_ = false;
  std::atomic_signal_fence(std::memory_order_release);
  current = outer_;
  std::atomic_signal_fence(std::memory_order_release);
  if (slot_ == nullptr) return;
  // Somebody else's handler may have survived the signal.
  if (slot_->signal.load(std::memory_order_relaxed) != 0) slot_->signal.store(0, std::memory_order_relaxed);
  slot_->state.store(slot_state::empty, std::memory_order_release);
}

entry_slot* recorded_entry::innermost() noexcept { return current; }

}  // namespace tenon
