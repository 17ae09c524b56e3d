#include "base/suggest.hpp"
#include "plugin/file.hpp"
#include "plugin/image.hpp"
#include "plugin/ownership.hpp"
#include "plugin/refusal.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace tenon {
namespace {

constexpr std::string_view suffix = ".so";

bool plain_name(std::string_view name) {
  const auto control = [](unsigned char letter) { return letter < 0x20 || letter == 0x7F || letter == '/'; };
  return !name.empty() && name.size() <= 128 && name.front() != '.' && std::ranges::none_of(name, control);
}

/// Names of the plugins that are there, for the suggestion.
std::vector<std::string> present_in(const std::vector<std::filesystem::path>& directories) {
  std::vector<std::string> names;
  for (const auto& directory : directories) {
    std::error_code code;
    for (std::filesystem::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
      const auto& file = at->path();
      if (file.extension() == suffix && plain_name(file.filename().string())) names.push_back(file.stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

error not_there(const std::vector<std::filesystem::path>& directories, const std::string& name) {
  std::string places;
  for (const auto& directory : directories) places += (places.empty() ? "" : ", ") + directory.string();
  const auto names = present_in(directories);
  std::string there;
  for (const auto& present : names) there += (there.empty() ? "" : ", ") + present;
  return refusal("plugin \"" + name + "\": expected " + name + std::string(suffix) + " in " +
                 (places.empty() ? "a plugin directory, but plugin_dirs is empty" : places) + "; found " +
                 (there.empty() ? "no plugin there" : there) + did_you_mean(name, names));
}

}  // namespace

result<candidate> open_candidate(const std::vector<std::filesystem::path>& directories, const std::string& name,
                                 const std::string& ops_group) {
  if (!plain_name(name)) {
    return refusal("plugin \"" + name +
                   "\": expected a file name without \".so\", at most 128 bytes, no '/' and no leading '.'");
  }
  const auto trusted = find_trusted(ops_group);
  if (!trusted) {
    return refusal("host.ops_group: expected a group that this machine knows, found \"" + ops_group +
                   "\"; groupadd it, or mend the name");
  }
  const auto file = name + std::string(suffix);
  for (const auto& directory : directories) {
    const file_descriptor place(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place && errno == ENOENT) continue;
    if (!place)
      return refusal(directory.string() + ": the plugin directory cannot be opened: " + describe_errno(errno));
    const auto path = directory / file;
    const auto opened = open_beneath(place.get(), file);
    if (!opened && errno == ENOENT) continue;
    if (!opened) return refusal(why_not_opened(path, errno));
    // What is no regular file is told as such first.
    auto bytes = read_whole(opened.get(), path);
    if (!bytes) return bytes.error();
    if (auto wrong = distrust(place.get(), opened.get(), path, *trusted); !wrong.empty()) {
      return refusal(std::move(wrong));
    }
    candidate made{.name = name, .source = path, .bytes = std::move(*bytes), .content_hash = {}};
    made.content_hash = sha256_hex(made.bytes);
    return made;
  }
  return not_there(directories, name);
}

}  // namespace tenon
