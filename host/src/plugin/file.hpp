#pragma once

#include <tenon/error.hpp>

#include "base/file_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace tenon {

/// SHA-256 in lower-case hex.
std::string sha256_hex(std::span<const std::byte> bytes);

/// The largest plugin file that is looked at.
inline constexpr std::uint64_t largest_plugin = 64u << 20;

/// Opens a file for reading beneath a directory (openat2 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS): symbolic links
/// inside it are followed, as Kubernetes mounts need, and nothing outside is reached. None: errno says why. Never waits
/// for a pipe's writer.
file_descriptor open_beneath(int directory, const std::string& file);

/// What to say of a file that open_beneath() did not open, by errno.
std::string why_not_opened(const std::filesystem::path& path, int number);

/// Reads an open regular file from its beginning to its end. Errors (CONFIGURATION_ERROR): not a regular file, larger
/// than `largest`, unreadable, cut off or written to while it was read. `path` is for messages.
result<std::vector<std::byte>> read_whole(int fd, const std::filesystem::path& path,
                                          std::uint64_t largest = largest_plugin);

/// The same where a hash decides what the bytes are worth: a write meanwhile is no error, nor is a new time, which
/// files of the store get whenever their use is marked.
result<std::vector<std::byte>> read_for_hash(int fd, const std::filesystem::path& path,
                                             std::uint64_t largest = largest_plugin);

}  // namespace tenon
