#include "plugin/crash_finding.hpp"

#include "plugin/file.hpp"
#include "plugin/refusal.hpp"
#include "plugin/store_place.hpp"
#include "plugin/stored_file.hpp"

#include <array>
#include <cerrno>
#include <span>
#include <sstream>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t longest_finding = 4096;
constexpr std::size_t hash_digits = 64;
constexpr std::size_t shown_digits = 12;

struct line {
  std::string_view key;
  std::string crash_finding::*value;
};

constexpr std::array<line, 8> lines{{{"time", &crash_finding::time},
                                     {"signal", &crash_finding::signal},
                                     {"tenant", &crash_finding::tenant},
                                     {"plugin", &crash_finding::plugin},
                                     {"version", &crash_finding::version},
                                     {"inside", &crash_finding::entered},
                                     {"hash", &crash_finding::content_hash},
                                     {"process", &crash_finding::process}}};

std::string forgive_command(const std::string& content_hash, const std::string& tenant, const fs::path& store) {
  return "tenonctl plugin forgive " + content_hash.substr(0, shown_digits) + " --tenant " + tenant + " --store " +
         store.string();
}

std::string text_of(const crash_finding& found, const fs::path& store) {
  std::string text =
      "# A process died in this plugin's code. The same bytes are not loaded again for this tenant, until:\n# " +
      forgive_command(found.content_hash, found.tenant, store) + '\n';
  for (const auto& each : lines) text += std::string(each.key) + ": " + found.*each.value + '\n';
  return text;
}

/// The hash and the tenant that a file's name says, or nothing.
std::optional<std::pair<std::string, std::string>> named_by(const std::string& name) {
  if (!name.ends_with(crash_suffix) || name.size() < hash_digits + 2 + crash_suffix.size()) return std::nullopt;
  auto content_hash = name.substr(0, hash_digits);
  if (!is_beginning_of_hash(content_hash) || name[hash_digits] != '.') return std::nullopt;
  auto tenant = name.substr(hash_digits + 1, name.size() - hash_digits - 1 - crash_suffix.size());
  return std::pair(std::move(content_hash), std::move(tenant));
}

std::optional<crash_finding> read_finding(const fs::path& path) {
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!opened) return std::nullopt;
  const auto bytes = read_whole(opened.get(), path, longest_finding);
  if (!bytes) return std::nullopt;
  std::istringstream text(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  crash_finding found;
  for (std::string read; std::getline(text, read);) {
    for (const auto& each : lines) {
      const auto begin = std::string(each.key) + ": ";
      if (read.starts_with(begin)) found.*each.value = read.substr(begin.size());
    }
  }
  if (found.signal.empty() || found.plugin.empty()) return std::nullopt;
  return found;
}

/// Calls see(path, hash, tenant) for every finding of a store.
template <class See>
void each_finding(const fs::path& store, See see) {
  std::error_code code;
  for (fs::directory_iterator at(store, code), end; !code && at != end; at.increment(code)) {
    if (const auto named = named_by(at->path().filename().string())) see(at->path(), named->first, named->second);
  }
}

}  // namespace

std::string describe(const crash_finding& found) {
  return "process " + found.process + " died with " + found.signal + " inside " + found.plugin + ' ' + found.version +
         " (" + found.content_hash.substr(0, shown_digits) + "), in " + found.entered + ", at " + found.time;
}

result<void> keep_crash(const fs::path& store, const crash_finding& found) {
  const bool nameable = found.content_hash.size() == hash_digits && is_beginning_of_hash(found.content_hash) &&
                        !found.tenant.empty() && found.tenant.find('/') == std::string::npos;
  if (!nameable) {
    return refusal(store.string() + ": expected a crash of a content hash for a tenant, found \"" + found.content_hash +
                   "\" and \"" + found.tenant + "\"; it is not kept");
  }
  const auto text = text_of(found, store);
  return write_stored(std::as_bytes(std::span(text)),
                      store / (found.content_hash + '.' + found.tenant + std::string(crash_suffix)), durable::yes);
}

crash_findings crash_findings::read(const fs::path& store) {
  crash_findings made;
  made.store_ = store;
  each_finding(store, [&made](const fs::path& path, const std::string& content_hash, const std::string& tenant) {
    const auto found = read_finding(path);
    made.described_[{content_hash, tenant}] =
        found ? describe(*found) : "a process died in them, as " + path.string() + " says, which cannot be read";
  });
  return made;
}

void crash_findings::add(const crash_finding& found) {
  described_[{found.content_hash, found.tenant}] = describe(found);
}

std::optional<std::string> crash_findings::against(const std::string& tenant, const std::string& content_hash) const {
  const auto at = described_.find({content_hash, tenant});
  if (at == described_.end()) return std::nullopt;
  return "tenant " + tenant + ": refused (crash): expected plugin bytes that end no process, found that " + at->second +
         "; install other bytes, or to try these again: " + forgive_command(content_hash, tenant, store_);
}

result<std::size_t> forgive_crashes(const fs::path& store, const std::string& content_hash, const std::string& tenant) {
  if (const auto checked = check_hash_beginning(content_hash); !checked) return checked.error();
  if (const auto place = open_private(store); !place) return place.error();
  std::vector<fs::path> found;
  each_finding(store, [&](const fs::path& path, const std::string& whole, const std::string& held_for) {
    if (whole.starts_with(content_hash) && (tenant.empty() || tenant == held_for)) found.push_back(path);
  });
  std::size_t removed = 0;
  for (const auto& path : found) {
    if (::unlink(path.c_str()) == 0)
      ++removed;
    else if (errno != ENOENT)
      return store_error(path, "be written", errno);
  }
  return {boost::system::in_place_value, removed};
}

}  // namespace tenon
