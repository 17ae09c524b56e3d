// The entry, member by member, and init() with hosts that differ from the one that the plugin was built for.
#include "session.hpp"

#include "plugin/handshake.hpp"

#include <algorithm>

namespace tenon::plugin_check {
namespace {

/// What a look at one member answers: what is wrong with it, or nothing.
using look = std::string (*)(const tenon_plugin& entry, const mapping& library, const manifest& note);

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string version(std::uint32_t major, std::uint32_t minor) { return number(major) + "." + number(minor); }

bool readable(const tenon_str& text, const mapping& library) {
  return text.len == 0 || library.contains(text.ptr, text.len);
}

std::string compare(const tenon_str& found, const std::string& expected, const mapping& library) {
  if (!readable(found, library)) return "it is null or points out of the library; make it constant text of the plugin";
  const std::string_view text(found.ptr, found.len);
  if (text == expected) return {};
  return "expected \"" + expected + "\" as in the manifest, found \"" + std::string(text.substr(0, 64)) +
         "\"; build note and code together";
}

std::string look_at_magic(const tenon_plugin& entry, const mapping&, const manifest&) {
  if (entry.magic == TENON_ENTRY_MAGIC) return {};
  return "expected TENON_ENTRY_MAGIC, found " + number(entry.magic) + "; initialise the entry from the SDK's headers";
}

std::string look_at_size(const tenon_plugin& entry, const mapping&, const manifest&) {
  if (entry.struct_size >= sizeof(tenon_plugin)) return {};
  return "expected at least " + number(sizeof(tenon_plugin)) + ", found " + number(entry.struct_size) +
         "; set it to sizeof(tenon_plugin) of this release";
}

std::string look_at_abi(const tenon_plugin& entry, const mapping&, const manifest& note) {
  if (entry.abi_major == note.abi_major && entry.abi_minor == note.abi_minor) return {};
  return "the manifest states ABI " + version(note.abi_major, note.abi_minor) + ", the entry " +
         version(entry.abi_major, entry.abi_minor) + "; build note and code together";
}

std::string look_at_id(const tenon_plugin& entry, const mapping& library, const manifest& note) {
  return compare(entry.id, note.id, library);
}

std::string look_at_version(const tenon_plugin& entry, const mapping& library, const manifest& note) {
  return compare(entry.version, note.version, library);
}

std::string look_at_tasks(const tenon_plugin& entry, const mapping& library, const manifest& note) {
  constexpr std::uint64_t most = 1024;
  const bool whole = entry.task_count <= most &&
                     (entry.task_count == 0 || library.contains(entry.tasks, entry.task_count * sizeof(tenon_str)));
  if (!whole) return "the table is null or reaches out of the library; set tasks and task_count together";
  std::vector<std::string> found;
  for (std::uint64_t i = 0; i < entry.task_count; ++i) {
    if (!readable(entry.tasks[i], library)) return "a name points out of the library; make it constant text";
    found.emplace_back(entry.tasks[i].ptr, entry.tasks[i].len);
  }
  std::vector<std::string> expected;
  for (const auto& task : note.tasks) expected.push_back(task.name);
  std::ranges::sort(found);
  std::ranges::sort(expected);
  if (found == expected) return {};
  return "expected the manifest's " + list_of(expected) + ", found " + list_of(found).substr(0, 256) +
         "; build note and code together";
}

template <auto Member>
std::string look_at_function(const tenon_plugin& entry, const mapping& library, const manifest&) {
  const auto* at = reinterpret_cast<const void*>(entry.*Member);
  if (!at) return "it is null; set it to a function of the plugin, even to one that does nothing";
  return library.contains(at, 1) ? "" : "it points out of the library; set it to a function of the plugin";
}

outcome look_at_member(workbench& bench, look at) {
  const auto note = read_note(bench.copies.front());
  const generation plugin(bench, bench.copies.front());
  if (!plugin.mapped().contains(&plugin.entry(), sizeof(tenon_plugin))) {
    return failed("tenon_plugin_entry does not lie in this library", "define it in the plugin itself");
  }
  return as_told(at(plugin.entry(), plugin.mapped(), note));
}

outcome load(workbench& bench) {
  const generation plugin(bench, bench.copies.front());
  return passed();
}

outcome agree(workbench& bench) {
  const auto note = read_note(bench.copies.front());
  const generation plugin(bench, bench.copies.front());
  const auto checked = check_entry(plugin.mapped(), note);
  return as_told(checked ? std::string() : checked.error().operator_detail);
}

outcome start_and_stop(workbench& bench, checking_host::shape differs) {
  stage all(bench, std::move(differs));
  all.plugin.deinit();
  return passed();
}

outcome without_services(workbench& bench) {
  const auto note = read_note(bench.copies.front());
  if (note.services.empty()) return skipped("its manifest asks for no service");
  generation plugin(bench, bench.copies.front());
  for (const auto& service : note.services) {
    checking_host host("{}", {.missing = {service}});
    const auto status = plugin.try_init(host.table());
    if (status == TENON_OK) plugin.deinit();
  }
  return passed({{"services", note.services.size()}});
}

}  // namespace

std::vector<check_case> abi_cases() {
  std::vector<check_case> cases{
      {"abi", "load", "it can be loaded", {}, load},
  };
  struct line {
    std::string_view name, question;
    look at;
  };
  static constexpr line lines[] = {
      {"magic", "the entry begins with the magic", look_at_magic},
      {"struct-size", "the entry is as long as this release's", look_at_size},
      {"version", "entry and manifest are of the same ABI", look_at_abi},
      {"plugin-id", "entry and manifest have the same id", look_at_id},
      {"plugin-version", "entry and manifest have the same version", look_at_version},
      {"tasks", "entry and manifest list the same tasks", look_at_tasks},
      {"init", "init is a function of the plugin", look_at_function<&tenon_plugin::init>},
      {"deinit", "deinit is a function of the plugin", look_at_function<&tenon_plugin::deinit>},
      {"create", "create is a function of the plugin", look_at_function<&tenon_plugin::create>},
      {"call", "call is a function of the plugin", look_at_function<&tenon_plugin::call>},
      {"cancel", "cancel is a function of the plugin", look_at_function<&tenon_plugin::cancel>},
      {"destroy", "destroy is a function of the plugin", look_at_function<&tenon_plugin::destroy>},
      {"get-interface", "get_interface is a function of the plugin", look_at_function<&tenon_plugin::get_interface>},
  };
  std::vector<std::string_view> members;
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& each : lines) all.push_back("abi." + std::string(each.name));
    return all;
  }();
  for (const auto& each : lines) {
    std::vector<std::string_view> needs{"abi.load"};
    // A member says something only in a struct of this release.
    if (each.name != "magic") needs.push_back("abi.magic");
    if (each.name != "magic" && each.name != "struct-size") needs.push_back("abi.struct-size");
    cases.push_back({"abi", each.name, each.question, needs,
                     [at = each.at](workbench& bench) { return look_at_member(bench, at); }});
  }
  cases.push_back({"abi", "entry", "the host would accept the entry", {names.begin(), names.end()}, agree});
  cases.push_back({"abi", "host", "init() accepts a host with its services", {"abi.entry"}, [](workbench& bench) {
                     return start_and_stop(bench, {});
                   }});
  cases.push_back({"abi",
                   "newer-host",
                   "init() accepts a host with a longer table and a newer minor version",
                   {"abi.host"},
                   [](workbench& bench) {
                     return start_and_stop(bench, {.more_bytes = 64, .minor = TENON_ABI_MINOR + 1, .missing = {}});
                   }});
  cases.push_back(
      {"abi", "poorer-host", "init() survives a host that lacks one of its services", {"abi.host"}, without_services});
  return cases;
}

}  // namespace tenon::plugin_check
