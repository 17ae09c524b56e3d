#include "plugin/linkage.hpp"

#include <algorithm>
#include <array>

namespace tenon {
namespace {

using symbols_view = std::span<const elf_view::symbol>;

constexpr std::string_view entry_symbol = "tenon_plugin_entry";
constexpr std::string_view by_the_book = ", as tenon_add_plugin() does";

constexpr std::array<std::string_view, 6> allowed_libraries{
    "libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};

struct sanitizer_library {
  std::string_view sanitizer;
  std::string_view begins;
};
constexpr sanitizer_library sanitizer_libraries[] = {
    {"address", "libasan.so."},     {"address", "libclang_rt.asan"}, {"thread", "libtsan.so."},
    {"thread", "libclang_rt.tsan"}, {"undefined", "libubsan.so."},   {"undefined", "libclang_rt.ubsan"},
};

/// Flags of DT_FLAGS_1 that a plugin must not have, besides nodelete.
struct loader_flag {
  std::uint64_t bit;
  std::string_view found;
};
constexpr loader_flag loader_flags[] = {
    {DF_1_INTERPOSE,
     "it is linked with -z interpose: its symbols would come before those of the host and other plugins"},
    {DF_1_GLOBAL, "it is linked with -z global: its symbols would replace those of other plugins"},
    {DF_1_INITFIRST, "it is linked with -z initfirst: its constructors would come before those of the C library"},
    {DF_1_NOOPEN, "it is linked with -z nodlopen: it cannot be loaded while the host runs"},
    {DF_1_PIE, "it is a program (-pie), which cannot be loaded"},
};

/// Entries of the dynamic section that make the loader load something else.
struct loading_entry {
  std::int64_t tag;
  std::string_view found;
};
constexpr loading_entry loading_entries[] = {
    {DT_FILTER, "it is a filter of another library (-F): that one would be loaded unchecked"},
    {DT_AUXILIARY, "it is a filter of another library (-f): that one would be loaded unchecked"},
    {0x6ffffefc, "it asks for an audit library (--audit), which would be loaded unchecked"},
    {0x6ffffefb, "it asks for an audit library (--depaudit), which would be loaded unchecked"},
};

std::string joined(const auto& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  return all;
}

}  // namespace

std::string why_not_stack(const elf_view& view) {
  const auto segments = view.segments();
  const auto stack = std::ranges::find(segments, Elf64_Word{PT_GNU_STACK}, &Elf64_Phdr::p_type);
  const bool marked = stack != segments.end();
  if (marked && (stack->p_flags & PF_X) == 0) return {};
  return std::string(marked ? "it asks for an executable stack"
                            : "it does not say that its stack need not be executable") +
         ": the dynamic loader would make the stacks of the whole process executable, and leave them so; link it with "
         "-Wl,-z,noexecstack, and let assembly end with .section .note.GNU-stack,\"\",@progbits";
}

std::string why_not_segments(const elf_view& view) {
  for (const auto& segment : view.segments()) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) == 0 || (segment.p_flags & PF_X) == 0) continue;
    return "it has a segment that is both writable and executable, at address " + std::to_string(segment.p_vaddr) +
           ": an overrun buffer would become code; link it without -N (--omagic), and keep code out of writable "
           "sections";
  }
  return {};
}

std::string why_not_text_relocations(const elf_view& view) {
  if (view.dynamic(DT_RELR)) {
    return "it has packed relative relocations (DT_RELR), which are not followed here and could change anything; link "
           "it "
           "with -Wl,-z,nopack-relative-relocs, and for lld with -Wl,--pack-dyn-relocs=none";
  }
  const bool stated = view.dynamic(DT_TEXTREL) || (view.dynamic(DT_FLAGS).value_or(0) & DF_TEXTREL) != 0;
  if (!stated && !view.relocations().text) return {};
  return "its code would be changed while it is loaded (text relocations), so that no two processes share it and it is "
         "writable for a moment; compile everything in it with -fPIC and link it with -Wl,-z,text";
}

std::string why_not_search_path(const elf_view& view) {
  for (const auto& [tag, name] : {std::pair{DT_RPATH, "RPATH"}, {DT_RUNPATH, "RUNPATH"}}) {
    const auto path = view.dynamic_text(tag);
    if (!path) continue;
    return "it states where to look for libraries (" + std::string(name) + " \"" + std::string(*path) +
           "\"): they would be loaded unchecked; link it without -Wl,-rpath (CMake: SKIP_BUILD_RPATH ON)" +
           std::string(by_the_book);
  }
  return {};
}

std::string why_not_loader_flags(const elf_view& view) {
  const auto flags = view.dynamic(DT_FLAGS_1).value_or(0);
  for (const auto& [bit, found] : loader_flags) {
    if ((flags & bit) != 0) return std::string(found) + "; link it with -shared and without that flag";
  }
  for (const auto& [tag, found] : loading_entries) {
    if (view.dynamic(tag)) return std::string(found) + "; link it without that flag";
  }
  return {};
}

std::string why_not_unloadable(const elf_view& view) {
  if ((view.dynamic(DT_FLAGS_1).value_or(0) & DF_1_NODELETE) == 0) return {};
  return "it is linked with -z nodelete: closing it unmaps nothing, and every reload leaves another copy behind; leave "
         "the flag out, or let it stay with allow_resident = true in its [plugins] table";
}

std::string why_not_static_tls(const elf_view& view) {
  const bool stated = (view.dynamic(DT_FLAGS).value_or(0) & DF_STATIC_TLS) != 0;
  if (!stated && !view.relocations().static_tls) return {};
  return "it uses static thread-local storage, of which a process has little: after some reloads loading would fail; "
         "compile it without -ftls-model=initial-exec and keep variables in the platform";
}

std::string why_not_indirect(const elf_view& view, symbols_view symbols) {
  const auto at =
      std::ranges::find_if(symbols, [](const auto& symbol) { return symbol.defined && symbol.type == STT_GNU_IFUNC; });
  if (at == symbols.end() && !view.relocations().indirect) return {};
  return "it has functions that are chosen while it is loaded (IFUNC" +
         (at == symbols.end() ? std::string() : ": " + std::string(at->name)) +
         "): that code would run before the host can time it, and before its own relocations are done; leave out "
         "__attribute__((ifunc)) and target_clones, and choose with __builtin_cpu_supports() at the call";
}

std::string why_not_unique(symbols_view symbols) {
  std::size_t count = 0;
  std::string_view first;
  for (const auto& symbol : symbols) {
    if (!symbol.defined || symbol.binding != STB_GNU_UNIQUE) continue;
    if (++count == 1) first = symbol.name;
  }
  if (count == 0) return {};
  return "it has " + std::to_string(count) + " STB_GNU_UNIQUE symbols, such as " + std::string(first) +
         ": closing it would unmap nothing, and the next build would run with this one's variables; compile it with "
         "-fno-gnu-unique and link it with a version script" +
         std::string(by_the_book);
}

std::string why_not_exports(symbols_view symbols, std::string_view sanitizer) {
  bool entry = false;
  std::vector<std::string_view> others;
  for (const auto& symbol : symbols) {
    if (!symbol.exported()) continue;
    if (symbol.name == entry_symbol && symbol.type == STT_OBJECT) {
      entry = true;
    } else if (sanitizer.find("address") == sanitizer.npos || !symbol.name.starts_with("__odr_asan.")) {
      others.push_back(symbol.name);
    }
  }
  if (!entry) {
    return "expected one exported variable tenon_plugin_entry, found " +
           (others.empty() ? "no exported symbol" : std::to_string(others.size()) + " others") +
           "; use TENON_PLUGIN() once, or define tenon_plugin_entry as tenon/abi/plugin.h says";
  }
  if (others.empty()) return {};
  const auto shown = std::span(others).first(std::min<std::size_t>(others.size(), 3));
  return "expected tenon_plugin_entry to be its only exported symbol, found " + std::to_string(others.size()) +
         " more: " + joined(shown) + (others.size() > shown.size() ? ", ..." : "") +
         "; other code could be bound to them, and hold the library: link it with a version script "
         "(-Wl,--version-script)" +
         std::string(by_the_book);
}

std::string why_not_needed(const elf_view& view, std::string_view sanitizer) {
  for (const auto name : view.needed()) {
    const auto of_sanitizer = [&](const sanitizer_library& library) {
      return name.starts_with(library.begins) && sanitizer.find(library.sanitizer) != sanitizer.npos;
    };
    if (std::ranges::find(allowed_libraries, name) != allowed_libraries.end()) continue;
    if (std::ranges::any_of(sanitizer_libraries, of_sanitizer)) continue;
    return "it needs the shared library " + std::string(name) +
           ", which would be loaded unchecked, shared by all its generations and never unloaded with it; expected " +
           joined(allowed_libraries) +
           " only: link the library statically (LIBRARIES of tenon_add_plugin()), or use a "
           "service of the host instead";
  }
  return {};
}

}  // namespace tenon
