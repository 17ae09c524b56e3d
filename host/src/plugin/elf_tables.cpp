// The part of elf_view that follows the dynamic section, as the dynamic loader will: symbols, versions.
// What it would read out of bounds, divide by or go around in circles with is refused here.
#include "plugin/elf_entry.hpp"
#include "plugin/elf_view.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace tenon {
namespace {

using elf::bytes;
using elf::damaged;
using elf::entry;
using elf::entry_at;

constexpr std::uint64_t most_versions = 4096;

}  // namespace

/// The version numbers that are described. There are few: a file with more is damaged.
class elf_view::version_numbers {
 public:
  bool learn(std::size_t number) {
    number &= mask;
    if (number >= known_.size()) known_.resize(number + 1);
    known_[number] = true;
    return ++seen_ <= most_versions;
  }

  bool has(std::size_t number) const { return (number & mask) < known_.size() && known_[number & mask]; }

 private:
  static constexpr std::size_t mask = 0x7FFF;  // the highest bit hides a symbol
  std::vector<bool> known_ = {true, true};     // local, and global without a version
  std::uint64_t seen_ = 0;
};

bool elf_view::symbol::exported() const noexcept {
  const bool seen = visibility == STV_DEFAULT || visibility == STV_PROTECTED;
  return defined && seen && binding != STB_LOCAL;
}

std::string elf_view::read_dynamic() {
  const auto segment = *std::ranges::find(segments_, Elf64_Word{PT_DYNAMIC}, &Elf64_Phdr::p_type);
  const auto table = image_.subspan(segment.p_offset, segment.p_filesz);
  const auto count = table.size() / sizeof(Elf64_Dyn);
  bool ended = false;
  for (std::uint64_t i = 0; i < count && !ended; ++i) {
    const auto read = entry<Elf64_Dyn>(table, i);
    ended = read.d_tag == DT_NULL;
    if (!ended) dynamic_.push_back(read);
  }
  if (!ended) return damaged("the dynamic section has no end");
  if (dynamic(DT_REL)) return damaged("relocations are of another machine's kind");
  auto wrong = read_strings();
  if (wrong.empty()) wrong = read_symbols();
  if (wrong.empty()) wrong = read_relocations();
  if (wrong.empty()) wrong = compare_sections();
  if (wrong.empty()) wrong = check_symbols();
  if (wrong.empty()) wrong = check_versions();
  return wrong;
}

std::string elf_view::read_strings() {
  const auto found = table(DT_STRTAB, DT_STRSZ);
  if (!found || found->empty() || found->back() != std::byte{0}) {
    return damaged("the names of the dynamic section do not lie in what is loaded");
  }
  strings_ = *found;
  for (const auto& [tag, value] : dynamic_) {
    const bool names = tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH;
    if (names && !text_at(value.d_val)) return damaged("a name in the dynamic section lies outside of its names");
  }
  return {};
}

std::string elf_view::read_symbols() {
  const auto from = loaded_from(dynamic(DT_SYMTAB).value_or(0));
  if (!dynamic(DT_SYMTAB) || !from || dynamic(DT_SYMENT) != sizeof(Elf64_Sym)) {
    return damaged("the symbol table does not lie in what is loaded");
  }
  symbols_ = *from;
  if (!dynamic(DT_GNU_HASH) && !dynamic(DT_HASH)) {
    return "it has no hash table of its symbols, so none can be found; link it with -Wl,--hash-style=gnu";
  }
  auto wrong = count_gnu_hashed();
  if (wrong.empty()) wrong = count_hashed();
  return wrong;
}

// The GNU table leaves out symbols that are only imported, which stand before the others.
std::string elf_view::count_gnu_hashed() {
  const auto address = dynamic(DT_GNU_HASH);
  if (!address) return {};
  const auto wrong = damaged("the hash table of symbols does not lie in what is loaded");
  const auto table = loaded_from(*address);
  if (!table || table->size() < 16) return wrong;
  const std::uint64_t buckets = entry<std::uint32_t>(*table, 0);
  const std::uint64_t first = entry<std::uint32_t>(*table, 1);
  const std::uint64_t filters = entry<std::uint32_t>(*table, 2);
  const auto shift = entry<std::uint32_t>(*table, 3);
  if (buckets == 0 || first == 0 || !std::has_single_bit(filters) || shift > 31) return wrong;
  const auto chains_at = 16 + 8 * filters + 4 * buckets;
  if (chains_at > table->size()) return wrong;
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    const std::uint64_t symbol = entry<std::uint32_t>(table->subspan(16 + 8 * filters), i);
    if (symbol != 0 && symbol < first) return wrong;
    last = std::max(last, symbol);
  }
  symbol_count_ = first;
  if (last == 0) return {};  // nothing is exported
  // All chains end no later than that of the last bucket: the loader stops at a value whose lowest bit is set.
  for (;; ++last) {
    const auto hash = entry_at<std::uint32_t>(*table, chains_at + 4 * (last - first));
    if (!hash) return wrong;
    if ((*hash & 1) != 0) break;
  }
  symbol_count_ = last + 1;
  return {};
}

std::string elf_view::count_hashed() {
  const auto address = dynamic(DT_HASH);
  if (!address) return {};
  const auto wrong = damaged("the hash table of symbols does not lie in what is loaded, or has a circle");
  const auto table = loaded_from(*address);
  if (!table || table->size() < 8) return wrong;
  const std::uint64_t buckets = entry<std::uint32_t>(*table, 0);
  const std::uint64_t count = entry<std::uint32_t>(*table, 1);
  if (buckets == 0 || count == 0 || 8 + 4 * (buckets + count) > table->size()) return wrong;
  const auto chains = table->subspan(8 + 4 * buckets);
  std::uint64_t steps = 0;  // no symbol stands in two chains
  for (std::uint64_t i = 0; i < buckets; ++i) {
    std::uint64_t symbol = entry<std::uint32_t>(table->subspan(8), i);
    while (symbol != 0) {
      if (symbol >= count || ++steps > count) return wrong;
      symbol = entry<std::uint32_t>(chains, symbol);
    }
  }
  if (dynamic(DT_GNU_HASH) && symbol_count_ > count) return damaged("the two hash tables of symbols differ");
  symbol_count_ = count;
  return {};
}

std::string elf_view::check_symbols() {
  if (symbol_count_ > symbols_.size() / sizeof(Elf64_Sym)) {
    return damaged("the symbol table reaches out of its segment");
  }
  symbols_ = symbols_.first(symbol_count_ * sizeof(Elf64_Sym));
  for (std::uint64_t i = 1; i < symbol_count_; ++i) {
    const auto read = entry<Elf64_Sym>(symbols_, i);
    if (!text_at(read.st_name)) return damaged("a symbol's name lies outside of the names");
    const bool imported = read.st_shndx == SHN_UNDEF;
    const auto binding = ELF64_ST_BIND(read.st_info);
    // The loader would take its own base address for such a symbol, and code would call that.
    if (imported &&
        (ELF64_ST_VISIBILITY(read.st_other) != STV_DEFAULT || (binding != STB_GLOBAL && binding != STB_WEAK))) {
      return damaged("a symbol is imported, but not from anywhere else");
    }
    const bool address = !imported && read.st_shndx != SHN_ABS && ELF64_ST_TYPE(read.st_info) != STT_TLS;
    if (address && read.st_value > end_of_memory()) return damaged("a symbol lies outside of what is loaded");
  }
  return {};
}

/// Whether the segments map a section to where it says that it is.
bool elf_view::maps(const Elf64_Shdr& section) const noexcept {
  const bool variables = section.sh_type == SHT_NOBITS;
  if ((section.sh_flags & SHF_ALLOC) == 0 || (variables && (section.sh_flags & SHF_TLS) != 0)) return true;
  return std::ranges::any_of(segments_, [&](const Elf64_Phdr& segment) {
    if (segment.p_type != PT_LOAD || section.sh_addr < segment.p_vaddr) return false;
    const auto offset = section.sh_addr - segment.p_vaddr;
    const auto size = variables ? segment.p_memsz : segment.p_filesz;
    return offset <= size && section.sh_size <= size - offset &&
           (variables || section.sh_offset == segment.p_offset + offset);
  });
}

std::string elf_view::compare_sections() {
  for (const auto& section : sections_) {
    if (!maps(section)) return damaged("a section is not loaded where it says that it is");
    if (section.sh_type == SHT_DYNAMIC) {
      const auto at = std::ranges::find(segments_, Elf64_Word{PT_DYNAMIC}, &Elf64_Phdr::p_type);
      if (section.sh_offset != at->p_offset) return damaged("two dynamic sections, of segments and of sections");
    }
    if (section.sh_type != SHT_DYNSYM) continue;
    const auto count = section.sh_size / sizeof(Elf64_Sym);
    const bool named = section.sh_link < sections_.size() && sections_[section.sh_link].sh_addr == dynamic(DT_STRTAB);
    const auto whole = loaded(section.sh_addr, section.sh_size);
    // Without exports the hash table is empty, and only the section knows of symbols that nothing refers to.
    if (section.sh_addr != dynamic(DT_SYMTAB) || !named || count < symbol_count_ || !whole) {
      return damaged("the symbols that its sections show are not those that the dynamic loader sees");
    }
    symbols_ = *whole;
    symbol_count_ = count;
  }
  return {};
}

// The loader makes an array of all version numbers and looks each symbol's up in it, unchecked.
std::string elf_view::check_versions() const {
  version_numbers known;
  const auto needed = dynamic(DT_VERNEED);
  const auto defined = dynamic(DT_VERDEF);
  const auto used = dynamic(DT_VERSYM);
  const bool read = (!needed || learn_needed(*needed, known)) && (!defined || learn_defined(*defined, known));
  const auto table = used ? loaded(*used, 2 * symbol_count_) : bytes();
  if (!read || !table) return damaged("the versions of its symbols do not lie in what is loaded");
  for (std::uint64_t i = 0; i < table->size() / 2; ++i) {
    if (!known.has(entry<std::uint16_t>(*table, i))) return damaged("a symbol has a version that is not described");
  }
  return {};
}

bool elf_view::learn_needed(std::uint64_t address, version_numbers& known) const {
  const auto table = loaded_from(address);
  if (!table) return false;
  for (std::uint64_t at = 0;;) {
    const auto file = entry_at<Elf64_Verneed>(*table, at);
    if (!file || !text_at(file->vn_file)) return false;
    // The loader follows the links, whatever the count says.
    for (auto version_at = at + file->vn_aux;;) {
      const auto version = entry_at<Elf64_Vernaux>(*table, version_at);
      if (!version || !text_at(version->vna_name) || !known.learn(version->vna_other)) return false;
      if (version->vna_next == 0) break;
      version_at += version->vna_next;
    }
    if (file->vn_next == 0) return true;
    at += file->vn_next;
  }
}

bool elf_view::learn_defined(std::uint64_t address, version_numbers& known) const {
  const auto table = loaded_from(address);
  if (!table) return false;
  for (std::uint64_t at = 0;;) {
    const auto version = entry_at<Elf64_Verdef>(*table, at);
    if (!version || !known.learn(version->vd_ndx)) return false;
    const auto name = entry_at<Elf64_Verdaux>(*table, at + version->vd_aux);
    if (!name || !text_at(name->vda_name)) return false;
    if (version->vd_next == 0) return true;
    at += version->vd_next;
  }
}

std::optional<elf_view::bytes> elf_view::table(std::int64_t address, std::int64_t size) const {
  const auto begin = dynamic(address);
  const auto length = dynamic(size).value_or(0);
  if (length == 0) return bytes();
  if (!begin) return std::nullopt;
  return loaded(*begin, length);
}

std::optional<std::string_view> elf_view::text_at(std::uint64_t offset) const noexcept {
  if (offset >= strings_.size()) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(strings_.data() + offset));  // the last byte is zero
}

std::vector<elf_view::symbol> elf_view::symbols() const {
  std::vector<symbol> found;
  found.reserve(symbol_count_);
  for (std::uint64_t i = 1; i < symbol_count_; ++i) {
    const auto read = entry<Elf64_Sym>(symbols_, i);
    found.push_back({*text_at(read.st_name), static_cast<unsigned>(ELF64_ST_BIND(read.st_info)),
                     static_cast<unsigned>(ELF64_ST_TYPE(read.st_info)),
                     static_cast<unsigned>(ELF64_ST_VISIBILITY(read.st_other)), read.st_shndx != SHN_UNDEF});
  }
  return found;
}

std::vector<std::string_view> elf_view::needed() const {
  std::vector<std::string_view> found;
  for (const auto& [tag, value] : dynamic_) {
    if (tag == DT_NEEDED) found.push_back(*text_at(value.d_val));
  }
  return found;
}

std::optional<std::uint64_t> elf_view::dynamic(std::int64_t tag) const {
  // The loader takes the last of several.
  for (auto at = dynamic_.rbegin(); at != dynamic_.rend(); ++at) {
    if (at->d_tag == tag) return at->d_un.d_val;
  }
  return std::nullopt;
}

std::optional<std::string_view> elf_view::dynamic_text(std::int64_t tag) const {
  const auto offset = dynamic(tag);
  return offset ? text_at(*offset) : std::nullopt;
}

}  // namespace tenon
