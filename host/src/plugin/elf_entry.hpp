#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tenon::elf {

using bytes = std::span<const std::byte>;

inline std::string damaged(std::string_view what) {
  return "damaged: " + std::string(what) + "; copy the file again, or build it again";
}

/// The index-th Value of a table that is known to have it. Tables stand anywhere, so they are copied from.
template <class Value>
Value entry(bytes table, std::uint64_t index) noexcept {
  Value value;
  std::memcpy(&value, table.data() + index * sizeof value, sizeof value);
  return value;
}

/// The Value at an offset, if the table has it.
template <class Value>
std::optional<Value> entry_at(bytes table, std::uint64_t offset) noexcept {
  if (offset > table.size() || table.size() - offset < sizeof(Value)) return std::nullopt;
  return entry<Value>(table.subspan(offset), 0);
}

}  // namespace tenon::elf
