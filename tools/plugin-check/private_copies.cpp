#include "private_copies.hpp"

#include "plugin/file.hpp"
#include "plugin/refusal.hpp"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include <stdlib.h>

namespace tenon::plugin_check {

namespace fs = std::filesystem;

result<private_copies> private_copies::make(std::span<const std::byte> bytes) {
  std::error_code code;
  const auto above = fs::temp_directory_path(code);
  auto name = ((code ? fs::path("/tmp") : above) / "tenon-plugin-check-XXXXXX").string();
  if (!::mkdtemp(name.data())) {
    return refusal(name + ": expected a directory that private copies can be made in: " + describe_errno(errno) +
                   "; name another with TMPDIR");
  }
  private_copies made{fs::path(name)};
  for (const auto& path : made.paths_) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) return refusal(path.string() + ": cannot be written: " + describe_errno(errno) + "; is the disk full?");
  }
  return made;
}

private_copies::~private_copies() {
  std::error_code code;
  if (!paths_.front().empty()) fs::remove_all(paths_.front().parent_path(), code);
}

}  // namespace tenon::plugin_check
