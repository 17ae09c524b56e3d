#pragma once

#include "plugin/file.hpp"
#include "plugin/image.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include <sys/stat.h>

namespace tenon {

/// A file of the store in use: locked against every host's trim(), and known to hold the bytes of one content hash.
///
/// It is read and hashed when it is opened. Whether it still holds them is asked again right before it is mapped, which
/// may be hours later: the same inode under the same name, with the size and the time of change that it had, was not
/// written to; after anything else the bytes are hashed again. That time is the kernel's, nobody can set it.
///
/// Lifetime    When the last reference goes the file is marked with the time, from which its retention counts.
/// Threads     Any, concurrently. Cost: one descriptor.
class stored_file {
 public:
  /// Null if there is no such file with exactly these bytes.
  static std::shared_ptr<const stored_file> open(const std::filesystem::path& path, const std::string& content_hash);

  stored_file(const stored_file&) = delete;
  stored_file& operator=(const stored_file&) = delete;
  ~stored_file();

  const std::filesystem::path& path() const noexcept { return path_; }
  const std::string& content_hash() const noexcept { return content_hash_; }

  /// Whether the name still leads to this file, and the file still has its bytes. Cost: two system calls; a read and a
  /// hash if it was touched since.
  bool stands() const;

  /// Whether the file was exchanged or changed since it was last hashed, as far as its stat() tells.
  bool touched() const;

  /// The bytes, if they are still those of the hash, whatever has become of the name.
  result<std::vector<std::byte>> bytes() const;

 private:
  stored_file(std::filesystem::path path, std::string content_hash, file_descriptor locked);
  bool verify() const;

  const std::filesystem::path path_;
  const std::string content_hash_;
  const file_descriptor locked_;
  mutable std::mutex mutex_;        // of what follows
  mutable struct stat verified_ {};  // the file when its bytes were last hashed
  mutable bool trusted_ = false;    // a change after that would show in verified_
};

enum class durable { yes, no };

/// Writes bytes under a name of the store, at once: temporary file, read-only, rename. Durable: it survives a power
/// cut, and whatever changes it afterwards shows in its time of change; that takes some milliseconds. Errors: a full
/// disk, a vanished directory; nothing half-written stays.
result<void> write_stored(std::span<const std::byte> bytes, const std::filesystem::path& path, durable kept);

/// What the loader maps of an image.
struct file_to_map {
  std::shared_ptr<const stored_file> file;
  bool restored = false;  ///< the stored copy was changed or gone, and was written anew
};

/// The image's stored copy, or if that is mapped already the first of its further copies that is not: the dynamic
/// loader answers with the old code for a path or an inode that is still mapped. Further copies are named NAME.2.so and
/// so on, leased and kept like the first, and used again. One that is missing or damaged is written from what still has
/// the verified bytes: the first copy, or the file that ops dropped. Errors: those of writing, or nothing has these
/// bytes any more.
result<file_to_map> take_file_to_map(const plugin_image& image,
                                     const std::function<bool(const std::string& path)>& mapped);

}  // namespace tenon
