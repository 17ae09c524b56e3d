#pragma once

#include "platform/entry_slot.hpp"
#include "plugin/file.hpp"
#include "plugin/image.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace tenon {

/// Says in a file of the store, which outlives a crash, who of this process is inside plugin code, and for whom.
///
/// The file is PID.XXXXXX.entries: locked while its process lives, mapped, and never grown, so that neither a full disk
/// nor an entry without a free slot disturbs anybody: that entry leaves no trace.
///
/// Lifetime    The file goes with the object; a process that dies leaves it. Threads     Any, concurrently.
class entry_record {
 public:
  /// Errors: those of the store.
  static result<std::shared_ptr<entry_record>> open(const std::filesystem::path& store);

  entry_record(const entry_record&) = delete;
  entry_record& operator=(const entry_record&) = delete;
  ~entry_record();

 private:
  friend class recorded_entry;
  entry_record(std::filesystem::path path, file_descriptor locked, entry_file* mapped) noexcept;
  entry_slot* claim(const entry_label& who, const char* entered) noexcept;

  const std::filesystem::path path_;
  const file_descriptor locked_;  ///< the lock tells that the process lives
  entry_file* const mapped_;
};

/// The label of one platform, for all its entries.
entry_label make_label(const std::string& tenant, const plugin_image& image) noexcept;

/// One entry in the record, from before the plugin's code runs until it has returned. Entries of a thread nest; what
/// ends the thread is held against the innermost.
///
/// Threads     The one that made it. Cost        Some ten nanoseconds: no system call but at a thread's first entry,
///             no allocation, no lock.
class recorded_entry {
 public:
  /// `record` may be null. `entered` and `who` live until leave().
  recorded_entry(entry_record* record, const entry_label& who, const char* entered) noexcept;
  recorded_entry(const recorded_entry&) = delete;
  recorded_entry& operator=(const recorded_entry&) = delete;
  ~recorded_entry() { leave(); }

  void leave() noexcept;

  /// The slot of the innermost entry of this thread; null if it has none. Safe in a signal handler.
  static entry_slot* innermost() noexcept;

 private:
  entry_slot* slot_;
  entry_slot* outer_;
  bool current_ = true;
};

}  // namespace tenon
