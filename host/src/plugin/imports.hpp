#pragma once

#include <optional>
#include <string_view>

namespace tenon {

/// Why a plugin should not import a symbol, and the word that grants it in allow_imports.
struct import_advice {
  std::string_view name;    ///< for people and for allow_imports: "fork", "pthread_create" for std::thread
  std::string_view harm;    ///< what it does to the host
  std::string_view remedy;  ///< what to use instead
};

/// Whether the gate advises against an import, by its name without a version. A lint for honest authors and not a
/// boundary: only what a plugin calls directly is seen, and the C++ library reaches all of it.
std::optional<import_advice> advise_against(std::string_view symbol);

}  // namespace tenon
