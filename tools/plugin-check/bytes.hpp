#pragma once

#include "check_case.hpp"

#include "plugin/file.hpp"
#include "plugin/image.hpp"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>

namespace tenon::plugin_check {

/// The file's bytes and their hash, wherever it lies: who owns it is the host's business. Ends the case if it cannot be
/// read.
inline candidate read_candidate(const std::filesystem::path& file) {
  const file_descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened) throw verdict_reached{as_told(why_not_opened(file, errno))};
  auto bytes = read_whole(opened.get(), file);
  if (!bytes) throw verdict_reached{as_told(bytes.error().operator_detail)};
  candidate made{.name = file.stem().string(), .source = file, .bytes = std::move(*bytes), .content_hash = {}};
  made.content_hash = sha256_hex(made.bytes);
  return made;
}

}  // namespace tenon::plugin_check
