#pragma once

#include "plugin/elf_view.hpp"

#include <span>
#include <string>

namespace tenon {

/// How a plugin was compiled and linked, held against what can be mapped, reloaded and unmapped safely. Each function
/// answers what was found, why it matters and which flag mends it; nothing if all is well. Pure.

std::string why_not_stack(const elf_view& view);             ///< the stack would become executable
std::string why_not_segments(const elf_view& view);          ///< memory that is both writable and executable
std::string why_not_text_relocations(const elf_view& view);  ///< code that is changed while loading
std::string why_not_search_path(const elf_view& view);       ///< RPATH, RUNPATH
std::string why_not_loader_flags(const elf_view& view);      ///< what changes the rest of the process, or cannot load
std::string why_not_unloadable(const elf_view& view);        ///< nodelete
std::string why_not_static_tls(const elf_view& view);
std::string why_not_indirect(const elf_view& view, std::span<const elf_view::symbol> symbols);  ///< IFUNC
std::string why_not_unique(std::span<const elf_view::symbol> symbols);                          ///< STB_GNU_UNIQUE
/// `sanitizer` is what host and plugin agree on: "address,undefined", or nothing.
std::string why_not_exports(std::span<const elf_view::symbol> symbols, std::string_view sanitizer);
std::string why_not_needed(const elf_view& view, std::string_view sanitizer);

}  // namespace tenon
