#pragma once

#include "plugin/file.hpp"

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/statvfs.h>

namespace tenon {

/// "DIR: the store cannot ACTION: reason; what to do", by errno.
error store_error(const std::filesystem::path& path, std::string_view action, int number);

/// Opens the store's directory if it is still what only we can write to.
result<file_descriptor> open_private(const std::filesystem::path& directory);

/// Why a file system with these mount flags (of statvfs) cannot hold a store, or nothing. Pure.
std::string distrust_mount(const std::filesystem::path& directory, unsigned long flags);

/// Whether a text is a SHA-256 in lower-case hex, or its beginning.
bool is_beginning_of_hash(std::string_view text) noexcept;

/// Errors: what an operator typed is no content hash, or less than 12 digits of one.
result<void> check_hash_beginning(const std::string& content_hash);

/// A copy in use is locked shared, whoever removes one locks it for itself first. The locks go with their descriptors,
/// so a crash leaves none.
enum class lock_kind { shared, exclusive };

/// Shared: waits for a remover, who is quick. Exclusive: does not wait. False: errno says why not.
bool lock_file(int fd, lock_kind kind) noexcept;

/// What a temporary file's name starts with.
inline constexpr std::string_view incoming = ".incoming-";

}  // namespace tenon
