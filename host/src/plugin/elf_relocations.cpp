// The part of elf_view that reads what the dynamic loader will change in the library's memory, and which constructors
// it will run then. A relocation gone wrong is a call into nowhere.
#include "plugin/elf_entry.hpp"
#include "plugin/elf_view.hpp"

#include <algorithm>
#include <array>

namespace tenon {
namespace {

using elf::bytes;
using elf::damaged;
using elf::entry;

enum class meaning : std::uint8_t { unknown, address, relative, thread_local_address, static_tls, indirect, absolute };

/// Position independent code needs few kinds. `absolute` are those that only other code needs.
constexpr meaning meaning_of(std::uint64_t kind) {
  switch (kind) {
#if defined(__x86_64__)
    case R_X86_64_64:
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT: return meaning::address;
    case R_X86_64_RELATIVE: return meaning::relative;
    case R_X86_64_DTPMOD64:
    case R_X86_64_DTPOFF64:
    case R_X86_64_TLSDESC: return meaning::thread_local_address;
    case R_X86_64_TPOFF64: return meaning::static_tls;
    case R_X86_64_IRELATIVE: return meaning::indirect;
    case R_X86_64_32:
    case R_X86_64_PC32:
    case R_X86_64_PC64: return meaning::absolute;
#else
    case R_AARCH64_ABS64:
    case R_AARCH64_GLOB_DAT:
    case R_AARCH64_JUMP_SLOT: return meaning::address;
    case R_AARCH64_RELATIVE: return meaning::relative;
    case R_AARCH64_TLS_DTPMOD:
    case R_AARCH64_TLS_DTPREL:
    case R_AARCH64_TLSDESC: return meaning::thread_local_address;
    case R_AARCH64_TLS_TPREL: return meaning::static_tls;
    case R_AARCH64_IRELATIVE: return meaning::indirect;
    case R_AARCH64_ABS32:
    case R_AARCH64_PREL32:
    case R_AARCH64_PREL64: return meaning::absolute;
#endif
    default: return meaning::unknown;
  }
}

}  // namespace

/// The functions that run when the library is loaded, or unloaded: each has to get its address from a relocation.
struct elf_view::function_array {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  std::uint64_t relocated = 0;  ///< bytes

  bool holds(std::uint64_t address) const noexcept { return address >= begin && address - begin < size; }
};

std::string elf_view::read_relocations() {
  if (dynamic(DT_RELA) && dynamic(DT_RELAENT) != sizeof(Elf64_Rela)) return damaged("relocations of unknown size");
  if (dynamic(DT_JMPREL) && dynamic(DT_PLTREL) != DT_RELA) return damaged("relocations of unknown kind");
  if (dynamic(DT_RELR) && (dynamic(DT_RELRENT) != sizeof(Elf64_Relr) || !table(DT_RELR, DT_RELRSZ))) {
    return damaged("the relative relocations do not lie in what is loaded");
  }
  std::array<function_array, 2> arrays;
  constexpr std::array tags{std::pair{DT_INIT_ARRAY, DT_INIT_ARRAYSZ}, std::pair{DT_FINI_ARRAY, DT_FINI_ARRAYSZ}};
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const auto found = table(tags[i].first, tags[i].second);
    if (!found || found->size() % sizeof(Elf64_Addr) != 0) {
      return damaged("the list of constructors or destructors does not lie in what is loaded");
    }
    arrays[i] = {dynamic(tags[i].first).value_or(0), found->size(), 0};
  }
  for (const auto tag : {DT_INIT, DT_FINI}) {
    const auto address = dynamic(tag);
    if (address && !executable(*address)) return damaged("its constructor or destructor is no code");
  }
  auto wrong = read_relocations(DT_RELA, DT_RELASZ, arrays);
  if (wrong.empty()) wrong = read_relocations(DT_JMPREL, DT_PLTRELSZ, arrays);
  if (!wrong.empty()) return wrong;
  // Packed relative relocations, which are refused when it comes to how it was linked, may stand for those of the
  // arrays.
  const auto incomplete = [](const function_array& array) { return array.relocated < array.size; };
  if (!dynamic(DT_RELR) && std::ranges::any_of(arrays, incomplete)) {
    return damaged("a constructor or destructor has no address");
  }
  return {};
}

std::string elf_view::read_relocations(std::int64_t address, std::int64_t size, std::span<function_array> arrays) {
  const auto found = table(address, size);
  if (!found || found->size() % sizeof(Elf64_Rela) != 0) {
    return damaged("the relocations do not lie in what is loaded");
  }
  const auto end = end_of_memory();
  const auto counted = dynamic(DT_RELACOUNT).value_or(0);
  if (address == DT_RELA && counted > found->size() / sizeof(Elf64_Rela)) {
    return damaged("fewer relocations than it states");
  }
  const Elf64_Phdr* target = nullptr;  // mostly the same one for all
  for (std::uint64_t i = 0; i < found->size() / sizeof(Elf64_Rela); ++i) {
    const auto read = entry<Elf64_Rela>(*found, i);
    const auto kind = ELF64_R_TYPE(read.r_info);
    // The loader asserts that the first ones are of this kind, as the linker counted them.
    if (address == DT_RELA && i < counted && meaning_of(kind) != meaning::relative) {
      return damaged("fewer relative relocations than it states");
    }
    if (kind == 0) continue;
    const auto holds = [&read](const Elf64_Phdr& segment) {
      return segment.p_type == PT_LOAD && read.r_offset >= segment.p_vaddr &&
             read.r_offset - segment.p_vaddr < segment.p_memsz &&
             segment.p_memsz - (read.r_offset - segment.p_vaddr) >= 8;
    };
    if (!target || !holds(*target)) {
      const auto at = std::ranges::find_if(segments_, holds);
      if (at == segments_.end()) return damaged("a relocation changes memory outside of what is loaded");
      target = &*at;
    }
    const auto means = meaning_of(kind);
    if (means == meaning::unknown) return damaged("a relocation is of kind " + std::to_string(kind));
    const auto points_to = static_cast<std::uint64_t>(read.r_addend);
    if (means == meaning::relative && points_to > end) {
      return damaged("a relocation points outside of what is loaded");
    }
    for (auto& array : arrays) {
      if (!array.holds(read.r_offset)) continue;
      const bool whole = (read.r_offset - array.begin) % sizeof(Elf64_Addr) == 0;
      if (!whole || (means == meaning::relative && !executable(points_to))) {
        return damaged("a constructor or destructor is no code");
      }
      array.relocated += sizeof(Elf64_Addr);
    }
    relocations_.text |= means == meaning::absolute || (target->p_flags & PF_W) == 0;
    relocations_.indirect |= means == meaning::indirect;
    relocations_.static_tls |= means == meaning::static_tls;
    // Imported symbols stand in no GNU hash table if nothing is exported: what is referred to counts too.
    symbol_count_ = std::max<std::uint64_t>(symbol_count_, ELF64_R_SYM(read.r_info) + 1);
  }
  return {};
}

bool elf_view::executable(std::uint64_t address) const noexcept {
  return std::ranges::any_of(segments_, [address](const Elf64_Phdr& segment) {
    return segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 && address >= segment.p_vaddr &&
           address - segment.p_vaddr < segment.p_filesz;
  });
}

std::uint64_t elf_view::end_of_memory() const noexcept {
  std::uint64_t end = 0;
  for (const auto& segment : segments_) {
    if (segment.p_type == PT_LOAD) end = segment.p_vaddr + segment.p_memsz;  // they are in order
  }
  return end;
}

}  // namespace tenon
