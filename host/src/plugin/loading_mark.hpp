#pragma once

#include "plugin/file.hpp"
#include "plugin/image.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace tenon {

/// Says in the store, in a file that outlives a crash, that this process is running code of a plugin which it has not
/// run before: constructors, init() and the first create(). A process that finds the mark of one that died meanwhile
/// does not load the same bytes again.
///
/// It is written, not synced: it has to survive the process, and no plugin takes the machine down. A mark from before
/// the machine's last start is ignored.
///
/// Lifetime    The mark goes with the object. Threads     Any. Cost: some ten microseconds, and a descriptor meanwhile.
class loading_mark {
 public:
  /// Null if it cannot be written: the load goes on without.
  static std::unique_ptr<loading_mark> set(const plugin_image& image);

  loading_mark(const loading_mark&) = delete;
  loading_mark& operator=(const loading_mark&) = delete;
  ~loading_mark();

 private:
  loading_mark(std::filesystem::path path, file_descriptor locked);

  const std::filesystem::path path_;
  const file_descriptor locked_;  ///< the lock tells that the writer lives
};

/// Why these bytes must not be loaded: a process died while it ran them for the first time, or nothing. The marks of
/// processes that live are none.
std::optional<std::string> died_loading(const std::filesystem::path& store, const std::string& content_hash);

/// Removes the marks that dead processes left for these bytes, and what the canary found of them: they are tried again.
/// `content_hash` may be shortened to 12 digits or more. How many files went. Errors: no such directory, one that
/// others can write to, too short a hash.
result<std::size_t> forget_findings(const std::filesystem::path& store, const std::string& content_hash);

/// What follows the content hash in the name of a mark.
inline constexpr std::string_view mark_infix = ".loading.";

}  // namespace tenon
