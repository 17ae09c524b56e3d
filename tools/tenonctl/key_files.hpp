#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace tenonctl {

/// Writes a file that is not there yet. Why not, or nothing; then it is not there, unless it had been.
std::string write_new(const std::filesystem::path& path, std::string_view text, mode_t mode);

/// A new pair of Ed25519 keys: PREFIX.pem, which only its owner can read, and PREFIX.pub.pem. Why not, or nothing; then
/// neither is there.
std::string write_key_pair(const std::string& prefix);

/// How the files of a pair begin: `place` itself, or `name` in it if it is a directory.
std::string key_prefix(const std::filesystem::path& place, std::string_view name);

}  // namespace tenonctl
