#include "platform/ended_processes.hpp"

#include "base/operator_text.hpp"
#include "catalog/tenant_table.hpp"
#include "platform/crash_handlers.hpp"
#include "platform/entry_slot.hpp"
#include "plugin/crash_finding.hpp"
#include "plugin/file.hpp"
#include "plugin/store_place.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

namespace fs = std::filesystem;

std::string hex(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return "0x" + std::string(digits.data(), end);
}

/// What a plugin wrote into its manifest becomes a line of a file and of a log.
template <std::size_t Size>
std::string read_text(const std::array<char, Size>& from) {
  std::string text(from.data(), ::strnlen(from.data(), Size));
  std::ranges::replace_if(
      text, [](char letter) { return letter < ' ' || letter > '~'; }, '?');
  return text;
}

crash_finding read_slot(const entry_slot& slot, std::int32_t process) {
  const auto signal = slot.signal.load();
  const auto name = std::string(name_of_crash(signal));
  return {.content_hash = read_text(slot.label.content_hash),
          .tenant = read_text(slot.label.tenant),
          .plugin = read_text(slot.label.plugin),
          .version = read_text(slot.label.version),
          .entered = read_text(slot.entered),
          .signal = has_address(signal) ? name + " at " + hex(slot.address.load()) : name,
          .time = utc_text(std::chrono::system_clock::from_time_t(slot.died_at.load())),
          .process = std::to_string(process)};
}

/// False: what it says is no evidence.
bool legible(const crash_finding& found) {
  return found.content_hash.size() == 64 && is_beginning_of_hash(found.content_hash) && is_plain_name(found.tenant);
}

/// The whole file, or null if it is none of ours or damaged.
std::unique_ptr<const entry_file> read_entries(int fd) {
  auto copy = std::make_unique<entry_file>();
  const auto size = static_cast<ssize_t>(sizeof(entry_file));
  struct stat found {};
  if (::fstat(fd, &found) != 0 || found.st_size != size) return nullptr;
  if (::pread(fd, static_cast<void*>(copy.get()), sizeof(entry_file), 0) != size) return nullptr;
  if (copy->magic != entry_file::expected_magic || copy->layout != entry_file::expected_layout) return nullptr;
  return copy;
}

/// Whether nothing of it is left to be written.
bool settle(const fs::path& store, const fs::path& path, const entry_file& left, spdlog::logger& log) {
  bool all_kept = true;
  for (const auto& slot : left.slots) {
    if (slot.state.load() != slot_state::inside) continue;
    const auto found = read_slot(slot, left.process);
    if (!legible(found)) {
      log.warn("{}: expected the content hash and the tenant of an entry, found \"{}\" and \"{}\"; ignored",
               path.string(), found.content_hash, found.tenant);
    } else if (slot.signal.load() == 0) {
      log.warn(
          "tenant {}: process {} was inside {} {} ({}), in {}, when something else ended it; not held against the "
          "plugin",
          found.tenant, found.process, found.plugin, found.version, found.content_hash.substr(0, 12), found.entered);
    } else {
      log.error("tenant {}: {}; the same bytes are not loaded for this tenant again", found.tenant, describe(found));
      if (const auto kept = keep_crash(store, found); !kept) {
        log.error("tenant {}: that cannot be kept, and the bytes may run again: {}", found.tenant,
                  kept.error().operator_detail);
        all_kept = false;
      }
    }
  }
  return all_kept;
}

}  // namespace

void settle_ended_processes(const fs::path& store, spdlog::logger& log) {
  std::vector<fs::path> paths;
  std::error_code code;
  for (fs::directory_iterator at(store, code), end; !code && at != end; at.increment(code)) {
    if (at->path().filename().native().ends_with(entries_suffix)) paths.push_back(at->path());
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat found {};
    if (!opened || ::fstat(opened.get(), &found) != 0 || !S_ISREG(found.st_mode) || found.st_uid != ::geteuid())
      continue;
    if (!lock_file(opened.get(), lock_kind::exclusive)) continue;  // its process lives
    // Another host may have settled it between our look and the lock.
    if (::fstat(opened.get(), &found) != 0 || found.st_nlink == 0) continue;
    const auto left = read_entries(opened.get());
    if (!left) {
      log.warn("{}: expected what a process left of its entries into plugins, found {} bytes that are not; removed",
               path.string(), found.st_size);
    }
    if (!left || settle(store, path, *left, log)) ::unlink(path.c_str());
  }
}

}  // namespace tenon
