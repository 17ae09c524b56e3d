#include "plugin/handshake.hpp"

#include "plugin/refusal.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {
namespace {

/// As it was in 1.0: a plugin of an older minor version has no more.
constexpr std::size_t least_entry = offsetof(tenon_plugin, get_interface) + sizeof(tenon_plugin::get_interface);

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

/// Compares an entry with its note. A pointer is followed only after it was found to point into the library.
class entry_check {
 public:
  entry_check(const mapping& library, const manifest& expected) : library_(library), expected_(expected) {}

  std::string header(const tenon_plugin& entry) const {
    if (entry.magic != TENON_ENTRY_MAGIC) {
      return "expected tenon_plugin_entry to begin with TENON_ENTRY_MAGIC, found " + std::to_string(entry.magic) +
             "; initialise it from the SDK's headers";
    }
    if (entry.struct_size < least_entry) {
      return "expected tenon_plugin_entry of at least " + std::to_string(least_entry) + " bytes, found " +
             std::to_string(entry.struct_size) + "; build it with this release's SDK";
    }
    if (entry.abi_major == expected_.abi_major && entry.abi_minor == expected_.abi_minor) return {};
    return "its note states ABI " + version(expected_.abi_major, expected_.abi_minor) + ", its entry " +
           version(entry.abi_major, entry.abi_minor) + "; build note and code together";
  }

  std::string names(const tenon_plugin& entry) const {
    if (auto wrong = same_text("id", entry.id, expected_.id); !wrong.empty()) return wrong;
    if (auto wrong = same_text("version", entry.version, expected_.version); !wrong.empty()) return wrong;
    return tasks(entry);
  }

  std::string functions(const tenon_plugin& entry) const {
    const auto lies_in = [&](auto* function) { return library_.contains(reinterpret_cast<const void*>(function), 1); };
    if (!lies_in(entry.init)) return outside("init");
    if (!lies_in(entry.deinit)) return outside("deinit");
    if (!lies_in(entry.create)) return outside("create");
    if (!lies_in(entry.call)) return outside("call");
    if (!lies_in(entry.cancel)) return outside("cancel");
    if (!lies_in(entry.destroy)) return outside("destroy");
    if (!lies_in(entry.get_interface)) return outside("get_interface");
    return {};
  }

 private:
  static std::string version(std::uint32_t major, std::uint32_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
  }

  static std::string outside(std::string_view member) {
    return "tenon_plugin_entry." + std::string(member) +
           " is null or points out of the library; set it to constant data or a "
           "function of the plugin";
  }

  bool readable(const tenon_str& text) const { return text.len == 0 || library_.contains(text.ptr, text.len); }

  std::string same_text(std::string_view member, const tenon_str& text, const std::string& expected) const {
    if (!readable(text)) return outside(member);
    const std::string_view found(text.ptr, text.len);
    if (found == expected) return {};
    return "its note states the " + std::string(member) + " " + in_quotes(expected) + ", its entry " +
           in_quotes(found.substr(0, 64)) + "; build note and code together";
  }

  std::string tasks(const tenon_plugin& entry) const {
    constexpr std::uint64_t most_tasks = 1024;
    const bool sound = entry.task_count <= most_tasks &&
                       (entry.task_count == 0 || library_.contains(entry.tasks, entry.task_count * sizeof(tenon_str)));
    if (!sound) return outside("tasks");
    std::vector<std::string_view> found;
    for (std::uint64_t i = 0; i < entry.task_count; ++i) {
      if (!readable(entry.tasks[i])) return outside("tasks");
      found.emplace_back(entry.tasks[i].ptr, entry.tasks[i].len);
    }
    for (const auto& task : expected_.tasks) {
      if (std::ranges::find(found, task.name) != found.end()) continue;
      return "its note lists the task " + in_quotes(task.name) + ", its entry does not; build note and code together";
    }
    for (const auto& task : found) {
      if (expected_.find_task(task)) continue;
      return "its entry lists the task " + in_quotes(task.substr(0, 64)) +
             ", its note does not; build note and code together";
    }
    return {};
  }

  const mapping& library_;
  const manifest& expected_;
};

/// A table of one interface, all of whose members are functions of the library; null if it is not listed.
template <class Table>
result<const Table*> ask_interface(const mapping& library, const manifest& listed, const tenon_plugin& entry,
                                   std::string_view name) {
  if (std::ranges::find(listed.interfaces, name) == listed.interfaces.end()) return static_cast<const Table*>(nullptr);
  const void* const found = entry.get_interface({name.data(), name.size()});
  const auto* const functions = static_cast<void* const*>(found);
  bool sound = found != nullptr && library.contains(found, sizeof(Table)) &&
               reinterpret_cast<std::uintptr_t>(found) % alignof(Table) == 0;
  for (std::size_t at = 0; sound && at < sizeof(Table) / sizeof(void*); ++at)
    sound = library.contains(functions[at], 1);
  if (sound) return static_cast<const Table*>(found);
  return refusal(library.path().string() + ": its note lists the interface " + in_quotes(name) +
                 ", and get_interface() gives none that is constant data and functions of the plugin; give it, or take "
                 "it off the list");
}

}  // namespace

result<plugin_interfaces> ask_interfaces(const mapping& library, const manifest& listed, const tenon_plugin& entry) {
  const auto health = ask_interface<tenon_health_1>(library, listed, entry, "health/1");
  if (!health) return health.error();
  const auto handover = ask_interface<tenon_handover_1>(library, listed, entry, "handover/1");
  if (!handover) return handover.error();
  return plugin_interfaces{.health = *health, .handover = *handover};
}

result<const tenon_plugin*> check_entry(const mapping& library, const manifest& expected) {
  const auto where = library.path().string() + ": ";
  const auto* symbol = library.find("tenon_plugin_entry");
  if (!symbol) {
    return refusal(where +
                   "no exported symbol tenon_plugin_entry; build the plugin with tenon_add_plugin(), or define it");
  }
  if (!library.contains(symbol, sizeof(tenon_plugin)) ||
      reinterpret_cast<std::uintptr_t>(symbol) % alignof(tenon_plugin) != 0) {
    return refusal(where + "tenon_plugin_entry does not lie in this library; define it in the plugin itself");
  }
  const auto* entry = static_cast<const tenon_plugin*>(symbol);
  const entry_check check(library, expected);
  auto wrong = check.header(*entry);
  if (wrong.empty()) wrong = check.names(*entry);
  if (wrong.empty()) wrong = check.functions(*entry);
  if (!wrong.empty()) return refusal(where + wrong);
  return entry;
}

}  // namespace tenon
