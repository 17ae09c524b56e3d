#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace tenon {

/// A struct of the ABI as a plugin filled it in: the members that its struct_size reaches; the rest is zero.
template <class Struct>
Struct known_members(const Struct& given) noexcept {
  Struct known{};
  std::memcpy(&known, &given, std::min<std::size_t>(given.struct_size, sizeof known));
  return known;
}

}  // namespace tenon
