#include "plugin/manifest.hpp"

#include "plugin/elf_view.hpp"
#include "plugin/refusal.hpp"
#include "plugin/upstreams.hpp"

#include <tenon/abi/plugin.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

namespace tenon {
namespace {

namespace json = boost::json;

constexpr std::size_t largest_manifest = 256u << 10;
constexpr std::size_t deepest_manifest = 32;
constexpr std::size_t most_entries = 1024;

/// The words before the JSON.
struct note_header {
  std::uint32_t format, abi_major, abi_minor, length;
};

std::string found_text(const json::value& value) {
  auto text = json::serialize(value);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

/// Takes members out of the manifest's JSON and keeps the first complaint. After a complaint everything reads as
/// empty.
class member_reader {
 public:
  explicit member_reader(const json::object& members, std::string where = {})
      : members_(members), where_(std::move(where)) {}

  std::string text(std::string_view name, bool required = false) {
    const auto* value = find(name, required);
    if (!value) return {};
    if (!value->is_string()) return complain(name, "a string", *value), std::string();
    const auto& read = value->get_string();
    if (required && read.empty()) complain(name, "a string that is not empty", *value);
    return {read.data(), read.size()};
  }

  bool flag(std::string_view name) {
    const auto* value = find(name, false);
    if (!value) return false;
    if (!value->is_bool()) return complain(name, "true or false", *value), false;
    return value->get_bool();
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> made;
    const auto* values = list(name, false);
    if (!values) return made;
    for (const auto& value : *values) {
      if (!value.is_string()) return complain(name, "an array of strings", value), std::vector<std::string>();
      made.emplace_back(value.get_string());
    }
    return made;
  }

  const json::array* list(std::string_view name, bool required) {
    const auto* value = find(name, required);
    if (!value) return nullptr;
    if (!value->is_array()) return complain(name, "an array", *value), nullptr;
    if (value->get_array().size() > most_entries) return wrong(name, "has more than 1024 entries"), nullptr;
    return &value->get_array();
  }

  json::object object(std::string_view name) {
    const auto* value = find(name, false);
    if (!value) return {};
    if (!value->is_object()) return complain(name, "an object", *value), json::object();
    return value->get_object();
  }

  void wrong(std::string_view name, std::string_view what) {
    if (complaint_.empty()) complaint_ = "manifest." + where_ + std::string(name) + ": " + std::string(what);
  }

  void adopt(const member_reader& inner) {
    if (complaint_.empty()) complaint_ = inner.complaint_;
  }

  const std::string& complaint() const noexcept { return complaint_; }

 private:
  const json::value* find(std::string_view name, bool required) {
    const auto* value = members_.if_contains(name);
    if (!value && required) wrong(name, "required, but missing; add it to the plugin's manifest.json");
    return value;
  }

  void complain(std::string_view name, std::string_view expected, const json::value& value) {
    wrong(name, "expected " + std::string(expected) + ", found " + found_text(value));
  }

  const json::object& members_;
  std::string where_;
  std::string complaint_;
};

// Ids and versions become parts of file names and log lines.
bool plain_word(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
  return !text.empty() && text.size() <= 64 && text.front() != '.' && text.find_first_not_of(allowed) == text.npos;
}

void read_tasks(member_reader& members, std::vector<manifest_task>& tasks) {
  const auto* entries = members.list("tasks", true);
  if (!entries) return;
  for (const auto& entry : *entries) {
    const auto where = "tasks[" + std::to_string(tasks.size()) + "]";
    if (!entry.is_object()) return members.wrong(where, "expected an object with a name, found " + found_text(entry));
    member_reader reader(entry.get_object(), where + ".");
    manifest_task task;
    task.name = reader.text("name", true);
    task.blocking = reader.flag("blocking");
    task.mutating = reader.flag("mutating");
    if (!reader.complaint().empty()) return members.adopt(reader);
    if (std::ranges::find(tasks, task.name, &manifest_task::name) != tasks.end()) {
      return members.wrong(where, "the task \"" + task.name + "\" is listed twice; name it once");
    }
    tasks.push_back(std::move(task));
  }
}

result<manifest> from_json(const json::object& members, const note_header& header) {
  manifest made;
  member_reader reader(members);
  made.id = reader.text("id", true);
  made.version = reader.text("version", true);
  made.abi_major = header.abi_major;
  made.abi_minor = header.abi_minor;
  made.adcp = reader.text("adcp", true);
  read_tasks(reader, made.tasks);
  made.specialisms = reader.texts("specialisms");
  made.features = reader.texts("features");
  made.settings_schema = reader.object("settings_schema");
  made.services = reader.texts("services");
  made.interfaces = reader.texts("interfaces");
  made.upstreams = reader.texts("upstreams");
  made.concurrent = reader.flag("concurrent");
  made.sdk = reader.text("sdk");
  made.sanitizer = reader.text("sanitizer");
  constexpr std::string_view word_rule =
      "expected at most 64 letters, digits, '.', '_', '+' or '-', not starting with '.'";
  if (!plain_word(made.id)) reader.wrong("id", word_rule);
  if (!plain_word(made.version)) reader.wrong("version", word_rule);
  for (const auto& url : made.upstreams) {
    if (!origin_of(url))
      reader.wrong("upstreams", "expected origins such as \"https://api.example.com\", found \"" + url + "\"");
  }
  const auto findings = check_settings_schema(made.settings_schema);
  if (!findings.empty()) reader.wrong("settings_schema", findings.front());
  if (!reader.complaint().empty()) return refusal(reader.complaint());
  return made;
}

result<json::object> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = deepest_manifest;
  boost::system::error_code code;
  auto value = json::parse(text, code, {}, options);
  if (code) return refusal("the manifest is not JSON: " + code.message() + "; check the plugin's manifest.json");
  if (!value.is_object()) return refusal("manifest: expected a JSON object, found " + found_text(value));
  return std::move(value.get_object());
}

result<manifest> from_descriptor(std::span<const std::byte> descriptor) {
  note_header header{};
  if (descriptor.size() < sizeof header) {
    return refusal("damaged: the manifest note has " + std::to_string(descriptor.size()) +
                   " bytes, expected at least 16");
  }
  std::memcpy(&header, descriptor.data(), sizeof header);
  if (header.format != TENON_NOTE_FORMAT) {
    return refusal("expected a manifest note of format " + std::to_string(TENON_NOTE_FORMAT) + ", found format " +
                   std::to_string(header.format) + "; build the plugin with this release's SDK");
  }
  const auto text = descriptor.subspan(sizeof header);
  if (header.length > text.size() || header.length > largest_manifest) {
    return refusal("damaged: the manifest states " + std::to_string(header.length) + " bytes, its note has " +
                   std::to_string(text.size()) + " (at most " + std::to_string(largest_manifest) + " are read)");
  }
  auto members = parse({reinterpret_cast<const char*>(text.data()), header.length});
  if (!members) return members.error();
  return from_json(*members, header);
}

}  // namespace

const manifest_task* manifest::find_task(std::string_view task) const noexcept {
  const auto at = std::ranges::find(tasks, task, &manifest_task::name);
  return at == tasks.end() ? nullptr : &*at;
}

result<manifest> read_manifest(std::span<const std::byte> image) {
  const auto view = elf_view::open(image);
  if (!view) return view.error();
  const auto notes = view->notes();
  if (!notes) return notes.error();
  std::optional<std::span<const std::byte>> descriptor;
  for (const auto& note : *notes) {
    if (note.owner != TENON_NOTE_OWNER || note.type != TENON_NOTE_MANIFEST) continue;
    if (descriptor) return refusal("expected one manifest note, found two; link one manifest into the plugin");
    descriptor = note.descriptor;
  }
  if (!descriptor) {
    return refusal(
        "no manifest note: this is a shared object, but not a tenon plugin; build it with tenon_add_plugin(), or "
        "use TENON_MANIFEST() once");
  }
  return from_descriptor(*descriptor);
}

}  // namespace tenon
