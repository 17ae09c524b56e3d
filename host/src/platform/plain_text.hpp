#pragma once

#include <tenon/abi/types.h>

#include <cstddef>
#include <string>
#include <string_view>

/// Text as it comes out of a plugin: checked, and made fit for a buyer or for a log line. Pure functions.
namespace tenon {

/// Whether a string across the ABI keeps its rule: no null pointer with a length.
constexpr bool is_well_formed(tenon_str text) noexcept { return text.ptr != nullptr || text.len == 0; }

/// A view of it; empty if it is not well-formed.
constexpr std::string_view view_of(tenon_str text) noexcept {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

constexpr tenon_str abi_text(std::string_view text) noexcept { return {text.data(), text.size()}; }

bool is_utf8(std::string_view text) noexcept;

/// For a buyer: valid UTF-8, control characters as spaces, invalid bytes as U+FFFD, at most `limit` bytes, cut between
/// characters.
std::string scrubbed(std::string_view text, std::size_t limit);

/// For a log line: control characters and invalid bytes as \n, \t, \xNN, cut after `limit` bytes of input with a note
/// of how much is missing.
std::string escaped(std::string_view text, std::size_t limit);

}  // namespace tenon
