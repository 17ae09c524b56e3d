#include "plugin/elf_view.hpp"

#include "plugin/refusal.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace tenon {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half machine = EM_X86_64;
constexpr std::string_view machine_name = "x86-64";
#elif defined(__aarch64__)
constexpr Elf64_Half machine = EM_AARCH64;
constexpr std::string_view machine_name = "aarch64";
#else
#error "tenon reads ELF files of x86-64 and aarch64 only"
#endif
static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t largest_span = std::uint64_t{1} << 32;  // of all segments in memory
#if defined(__x86_64__)
constexpr std::uint64_t largest_page = 4096;
#else
constexpr std::uint64_t largest_page = 65536;
#endif
constexpr std::uint64_t most_thread_local = 1u << 20;
constexpr std::size_t most_notes = 256;

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

bool elf_view::inside(std::uint64_t offset, std::uint64_t size) const noexcept {
  return offset <= image_.size() && size <= image_.size() - offset;
}

template <class Value>
Value elf_view::at(std::uint64_t offset) const noexcept {
  Value value;
  std::memcpy(&value, image_.data() + offset, sizeof value);
  return value;
}

result<elf_view> elf_view::open(std::span<const std::byte> image) {
  elf_view view(image);
  auto wrong = view.check_header();
  if (wrong.empty()) wrong = view.read_segments();
  if (wrong.empty()) wrong = view.read_sections();
  if (wrong.empty()) wrong = view.read_dynamic();
  if (!wrong.empty()) return refusal(std::move(wrong));
  return view;
}

std::string elf_view::check_header() {
  if (image_.size() < SELFMAG || std::memcmp(image_.data(), ELFMAG, SELFMAG) != 0) {
    return "not an ELF file: expected it to begin with \\x7fELF; build the plugin as a shared object";
  }
  if (image_.size() < sizeof(Elf64_Ehdr)) {
    return "truncated: the ELF header takes 64 bytes, the file has " + number(image_.size()) + "; copy it again";
  }
  header_ = at<Elf64_Ehdr>(0);
  if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB ||
      header_.e_ident[EI_VERSION] != EV_CURRENT || header_.e_version != EV_CURRENT) {
    return "expected a 64-bit little-endian ELF file of version 1, found another class, byte order or version";
  }
  if (header_.e_machine != machine) {
    return "expected code for " + std::string(machine_name) + " (ELF machine " + number(machine) + "), found machine " +
           number(header_.e_machine) + "; build the plugin for this machine";
  }
  if (header_.e_type != ET_DYN) {
    return "expected a shared object (ELF type " + number(ET_DYN) + "), found type " + number(header_.e_type) +
           "; link it with -shared";
  }
  if (header_.e_ehsize != sizeof(Elf64_Ehdr) || header_.e_phentsize != sizeof(Elf64_Phdr)) {
    return "damaged: the ELF header states wrong sizes of headers; copy it again";
  }
  return {};
}

std::string elf_view::read_segments() {
  const std::uint64_t size = std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
  if (header_.e_phnum == 0 || header_.e_phnum == PN_XNUM || header_.e_phoff % alignof(Elf64_Phdr) != 0) {
    return "damaged: no usable program headers; copy it again";
  }
  if (!inside(header_.e_phoff, size)) {
    return "truncated: the program headers end at byte " + number(header_.e_phoff + size) + ", the file has " +
           number(image_.size()) + "; copy it again";
  }
  for (std::uint64_t i = 0; i < header_.e_phnum; ++i) {
    segments_.push_back(at<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr)));
  }
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (auto wrong = check_segment(i); !wrong.empty()) return wrong;
  }
  std::uint64_t end = 0;
  for (const auto& segment : segments_) {
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_vaddr < end) return "damaged: segments overlap or are out of order; copy it again";
    end = segment.p_vaddr + segment.p_memsz;
  }
  if (end == 0) return "damaged: no segment to load; copy it again";
  if (std::ranges::count(segments_, Elf64_Word{PT_DYNAMIC}, &Elf64_Phdr::p_type) != 1) {
    return "expected one dynamic segment, as a shared object has; link the plugin with -shared";
  }
  return {};
}

std::string elf_view::check_segment(std::size_t index) const {
  const auto& segment = segments_[index];
  const bool read = segment.p_type == PT_LOAD || segment.p_type == PT_NOTE || segment.p_type == PT_DYNAMIC ||
                    segment.p_type == PT_TLS || segment.p_type == PT_GNU_RELRO || segment.p_type == PT_GNU_EH_FRAME ||
                    segment.p_type == PT_GNU_PROPERTY || segment.p_type == PT_PHDR;
  if (!read) return {};
  const auto named = "segment " + number(index);
  if (!inside(segment.p_offset, segment.p_filesz)) {
    return "truncated: " + named + " takes " + number(segment.p_filesz) + " bytes at " + number(segment.p_offset) +
           ", the file has " + number(image_.size()) + "; copy it again";
  }
  if (segment.p_type == PT_TLS && (segment.p_filesz > segment.p_memsz || segment.p_memsz > most_thread_local)) {
    return "its thread_local variables take " + number(segment.p_memsz) + " bytes in each thread, expected at most " +
           number(most_thread_local) + "; keep large variables in the platform";
  }
  if (segment.p_memsz > largest_span || segment.p_vaddr > largest_span) {
    return "damaged: " + named + " asks for more than 4 GiB of address space; copy it again";
  }
  if (segment.p_align > 1 && !std::has_single_bit(segment.p_align)) {
    return "damaged: the alignment of " + named + " is not a power of two; copy it again";
  }
  if (segment.p_type == PT_LOAD) {
    if ((segment.p_flags & PF_R) == 0) return "damaged: " + named + " cannot be read; copy it again";
    if ((segment.p_flags & PF_W) == 0 && segment.p_filesz != segment.p_memsz) {
      return "damaged: " + named + " has variables that cannot be written; copy it again";
    }
    const bool congruent = segment.p_align <= 1 || (segment.p_vaddr - segment.p_offset) % segment.p_align == 0;
    if (segment.p_filesz > segment.p_memsz || !congruent)
      return "damaged: " + named + " cannot be mapped as stated; copy it again";
    return {};
  }
  if (segment.p_type == PT_GNU_RELRO) {
    // All whole pages of it become read-only after loading; the rest of the segment's variables must not.
    const auto down = [](std::uint64_t value) { return value & ~(largest_page - 1); };
    if (down(segment.p_vaddr + segment.p_memsz) > down(segment.p_vaddr + segment.p_filesz + largest_page - 1)) {
      return "damaged: " + named + " makes more read-only than was linked that way; copy it again";
    }
  }
  // What the dynamic loader reads through its address must lie in what is mapped from the file.
  const auto holds = [&](const Elf64_Phdr& load) {
    return load.p_type == PT_LOAD && segment.p_vaddr >= load.p_vaddr &&
           segment.p_vaddr - load.p_vaddr <= load.p_filesz &&
           segment.p_filesz <= load.p_filesz - (segment.p_vaddr - load.p_vaddr) &&
           segment.p_offset - segment.p_vaddr == load.p_offset - load.p_vaddr;
  };
  if (segment.p_filesz > 0 && std::ranges::none_of(segments_, holds)) {
    return "damaged: " + named + " lies outside of what is loaded; copy it again";
  }
  return {};
}

std::string elf_view::read_sections() {
  if (header_.e_shoff == 0 || header_.e_shnum == 0) return {};  // legal, and what a thorough strip leaves
  const std::uint64_t size = std::uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr);
  if (header_.e_shentsize != sizeof(Elf64_Shdr))
    return "damaged: the ELF header states wrong sizes of headers; copy it again";
  if (!inside(header_.e_shoff, size)) {
    // The linker writes this table last, so nearly every truncated copy ends here.
    return "truncated: the section headers take " + number(size) + " bytes at " + number(header_.e_shoff) +
           ", the file has " + number(image_.size()) + "; copy it again";
  }
  for (std::uint64_t i = 0; i < header_.e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr));
    const bool takes_bytes = section.sh_type != SHT_NULL && section.sh_type != SHT_NOBITS;
    if (takes_bytes && !inside(section.sh_offset, section.sh_size)) {
      return "truncated: section " + number(i) + " takes " + number(section.sh_size) + " bytes at " +
             number(section.sh_offset) + ", the file has " + number(image_.size()) + "; copy it again";
    }
    sections_.push_back(section);
  }
  return {};
}

result<std::vector<elf_view::note>> elf_view::notes() const {
  std::vector<note> found;
  for (const auto& segment : segments_) {
    if (segment.p_type != PT_NOTE) continue;
    const std::uint64_t align = segment.p_align == 8 ? 8 : 4;
    const auto up = [align](std::uint64_t value) { return (value + align - 1) & ~(align - 1); };
    const auto bytes = image_.subspan(segment.p_offset, segment.p_filesz);
    std::uint64_t offset = 0;
    while (offset < bytes.size() && bytes.size() - offset >= sizeof(Elf64_Nhdr)) {
      const auto header = at<Elf64_Nhdr>(segment.p_offset + offset);
      const auto name = offset + sizeof(Elf64_Nhdr);
      const auto descriptor = offset + up(sizeof(Elf64_Nhdr) + header.n_namesz);
      const auto end = descriptor + header.n_descsz;
      if (end > bytes.size() || found.size() == most_notes) {
        return refusal("damaged: a note reaches out of its segment; build the plugin again");
      }
      std::string_view owner(reinterpret_cast<const char*>(bytes.data() + name), header.n_namesz);
      if (owner.ends_with('\0')) owner.remove_suffix(1);
      found.push_back({owner, header.n_type, bytes.subspan(descriptor, header.n_descsz)});
      offset = up(end);
    }
  }
  return found;
}

std::uint64_t elf_view::writable_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& segment : segments_) {
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0) sum += segment.p_memsz;
  }
  return sum;
}

std::optional<elf_view::bytes> elf_view::loaded_from(std::uint64_t address) const noexcept {
  for (const auto& segment : segments_) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    const auto offset = address - segment.p_vaddr;
    if (offset < segment.p_filesz) return image_.subspan(segment.p_offset + offset, segment.p_filesz - offset);
  }
  return std::nullopt;
}

std::optional<elf_view::bytes> elf_view::loaded(std::uint64_t address, std::uint64_t size) const noexcept {
  const auto rest = loaded_from(address);
  if (!rest || rest->size() < size) return std::nullopt;
  return rest->first(size);
}

}  // namespace tenon
