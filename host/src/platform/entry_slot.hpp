#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon {

/// Who runs inside, as it stands in the file: cut to its place and ended with a zero.
struct entry_label {
  using text = std::array<char, 72>;

  std::uint64_t number = 0;  ///< another one for each label of the process: equal numbers, equal texts
  text tenant{};
  text plugin{};
  text version{};
  text content_hash{};
};

enum class slot_state : std::uint32_t { empty, filling, inside };

/// One entry into plugin code. Filled by the thread that claimed it; only that thread, or the handler of the signal
/// that ends it, touches it until it is empty again.
struct alignas(64) entry_slot {
  std::atomic<slot_state> state{slot_state::empty};
  std::atomic<std::int32_t> signal{0};  ///< that ended the process in this entry; 0: none
  std::atomic<std::uint64_t> address{0};
  std::atomic<std::int64_t> died_at{0};  ///< seconds since 1970
  entry_label label;
  std::array<char, 96> entered{};
};

/// The file of one process. Read by processes that follow it, on the same machine.
struct entry_file {
  static constexpr std::array<char, 8> expected_magic{'t', 'e', 'n', 'o', 'n', 'e', 'n', 't'};
  static constexpr std::uint32_t expected_layout = 1;
  static constexpr std::size_t slot_count = 256;

  std::array<char, 8> magic = expected_magic;
  std::uint32_t layout = expected_layout;  ///< goes up with every change to these types
  std::int32_t process = 0;
  std::array<entry_slot, slot_count> slots{};
};

static_assert(std::atomic<slot_state>::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free,
              "a lock would not be safe in a signal handler, nor mean anything to another process");

/// What the names of these files end with.
inline constexpr std::string_view entries_suffix = ".entries";

}  // namespace tenon
