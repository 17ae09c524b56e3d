// Goal: the view reads what the dynamic loader reads, with or without sections, and refuses tables that would lead the
// loader astray. Method: a real plugin whose headers and dynamic section are rewritten in memory.
#include "fixtures.hpp"

#include "plugin/elf_view.hpp"

#include <functional>

using namespace tenon;
using namespace tenon::testing;

namespace {

using image = std::vector<std::byte>;

template <class Value>
Value get(const image& from, std::size_t at) {
  Value value;
  REQUIRE(at + sizeof value <= from.size());
  std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

template <class Value>
void put(image& into, std::size_t at, const Value& value) {
  REQUIRE(at + sizeof value <= into.size());
  std::memcpy(into.data() + at, &value, sizeof value);
}

/// Nothing if the view opens it.
std::string complaint(const image& bytes) {
  const auto view = elf_view::open(bytes);
  return view ? std::string() : view.error().operator_detail;
}

image without_sections(image bytes) {
  auto header = get<Elf64_Ehdr>(bytes, 0);
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = 0;
  put(bytes, 0, header);
  return bytes;
}

/// The image with one entry of its dynamic section changed. The entry must be there.
image with_dynamic(image bytes, std::int64_t tag, const std::function<void(Elf64_Dyn&)>& change) {
  const auto header = get<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = get<Elf64_Phdr>(bytes, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type != PT_DYNAMIC) continue;
    for (auto at = segment.p_offset; at < segment.p_offset + segment.p_filesz; at += sizeof(Elf64_Dyn)) {
      auto entry = get<Elf64_Dyn>(bytes, at);
      if (entry.d_tag != tag) continue;
      change(entry);
      put(bytes, at, entry);
      return bytes;
    }
  }
  FAIL("the fixture has no such dynamic entry");
  return bytes;
}

image with_value(const image& bytes, std::int64_t tag, std::uint64_t value) {
  return with_dynamic(bytes, tag, [value](Elf64_Dyn& entry) { entry.d_un.d_val = value; });
}

/// The offset in the file of what is loaded at an address. In the fixtures the read-only part stands where it is
/// loaded.
std::uint64_t value_of(const image& bytes, std::int64_t tag) {
  const auto view = elf_view::open(bytes);
  REQUIRE(view.has_value());
  const auto value = view->dynamic(tag);
  REQUIRE(value.has_value());
  return *value;
}

std::vector<std::string> names_of(const image& bytes) {
  std::vector<std::string> names;
  const auto view = elf_view::open(bytes);
  REQUIRE_MESSAGE(view.has_value(), complaint(bytes));
  for (const auto& symbol : view->symbols()) names.emplace_back(symbol.name);
  return names;
}

}  // namespace

TEST_CASE("the view shows flags, bindings and libraries") {
  const auto pinned = fixture("bad_nodelete");
  const auto view = elf_view::open(pinned.bytes);
  REQUIRE(view.has_value());
  CHECK((view->dynamic(DT_FLAGS_1).value_or(0) & DF_1_NODELETE) != 0);
  const auto symbols = view->symbols();
  const auto entry = std::ranges::find(symbols, "tenon_plugin_entry", &elf_view::symbol::name);
  REQUIRE(entry != symbols.end());
  CHECK(entry->exported());
  CHECK(entry->binding == STB_GLOBAL);
  CHECK(entry->type == STT_OBJECT);
  CHECK(std::ranges::count(view->needed(), "libc.so.6") == 1);
  CHECK(view->writable_bytes() > 0);
}

TEST_CASE("symbols are read without a section table too, and are the same") {
  for (const auto* name : {"good", "bad_no_entry", "bad_unique_symbol"}) {
    CAPTURE(name);
    const auto whole = fixture(name).bytes;
    const auto stripped = names_of(without_sections(whole));
    CHECK(stripped == names_of(whole));
  }
}

TEST_CASE("sections that show other symbols than the loader sees are refused") {
  auto bytes = fixture("good").bytes;
  const auto header = get<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto at = header.e_shoff + i * sizeof(Elf64_Shdr);
    auto section = get<Elf64_Shdr>(bytes, at);
    if (section.sh_type != SHT_DYNSYM) continue;
    section.sh_size -= sizeof(Elf64_Sym);
    put(bytes, at, section);
    CHECK(says(complaint(bytes), "the symbols that its sections show are not those"));
    section.sh_size += sizeof(Elf64_Sym);
    section.sh_addr += sizeof(Elf64_Sym);
    put(bytes, at, section);
    CHECK(says(complaint(bytes), "a section is not loaded where it says that it is"));
    return;
  }
  FAIL("the fixture has no dynamic symbols");
}

TEST_CASE("a table that does not lie in the file is refused") {
  const auto whole = without_sections(fixture("good").bytes);
  REQUIRE(complaint(whole) == "");
  constexpr std::uint64_t far = 1u << 30;
  for (const auto tag : {DT_STRTAB, DT_STRSZ, DT_SYMTAB, DT_GNU_HASH, DT_RELA, DT_RELASZ, DT_INIT_ARRAY,
                         DT_INIT_ARRAYSZ, DT_FINI_ARRAY, DT_INIT, DT_FINI, DT_VERNEED, DT_VERSYM}) {
    CAPTURE(tag);
    CHECK(says(complaint(with_value(whole, tag, far)), "damaged"));
  }
  CHECK(says(complaint(with_value(whole, DT_SYMENT, 25)), "the symbol table"));
  CHECK(says(complaint(with_value(whole, DT_RELAENT, 23)), "relocations of unknown size"));
  CHECK(says(complaint(with_value(whole, DT_STRSZ, 1)), "damaged"));
}

TEST_CASE("a dynamic section without an end is refused") {
  auto bytes = without_sections(fixture("good").bytes);
  const auto header = get<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(Elf64_Phdr);
    auto segment = get<Elf64_Phdr>(bytes, at);
    if (segment.p_type != PT_DYNAMIC) continue;
    segment.p_filesz = 4 * sizeof(Elf64_Dyn);
    put(bytes, at, segment);
  }
  CHECK(says(complaint(bytes), "the dynamic section has no end"));
}

TEST_CASE("a hash table that the loader would divide by zero with, or leave, is refused") {
  const auto whole = without_sections(fixture("good").bytes);
  const auto table = value_of(whole, DT_GNU_HASH);
  const auto damaged = [&](std::uint64_t offset, std::uint32_t value) {
    auto bytes = whole;
    put(bytes, table + offset, value);
    return complaint(bytes);
  };
  CHECK(says(damaged(0, 0), "hash table"));           // buckets
  CHECK(says(damaged(0, 1u << 30), "hash table"));    // more than there are bytes
  CHECK(says(damaged(8, 3), "hash table"));           // filters: not a power of two
  CHECK(says(damaged(12, 64), "hash table"));         // shift
  CHECK(says(damaged(16 + 8, 1u << 20), "damaged"));  // the first bucket, after one filter
}

TEST_CASE("a relocation of memory that is not there, or of a symbol that is not there, is refused") {
  const auto whole = without_sections(fixture("good").bytes);
  const auto table = value_of(whole, DT_RELA);
  auto bytes = whole;
  auto relocation = get<Elf64_Rela>(whole, table);
  relocation.r_offset = 1u << 30;
  put(bytes, table, relocation);
  CHECK(says(complaint(bytes), "a relocation changes memory outside of what is loaded"));
  relocation = get<Elf64_Rela>(whole, table);
  relocation.r_info = ELF64_R_INFO(std::uint64_t{1} << 24, ELF64_R_TYPE(relocation.r_info));
  put(bytes, table, relocation);
  CHECK(says(complaint(bytes), "the symbol table reaches out of its segment"));
}

TEST_CASE("a relocation that the loader would end the process for, or that leads a constructor astray, is refused") {
  const auto whole = without_sections(fixture("good").bytes);
  const auto table = value_of(whole, DT_RELA);
  const auto constructors = value_of(whole, DT_INIT_ARRAY);
  const auto count = value_of(whole, DT_RELASZ) / sizeof(Elf64_Rela);
  const auto changed = [&](std::size_t i, const std::function<void(Elf64_Rela&)>& change) {
    auto bytes = whole;
    auto relocation = get<Elf64_Rela>(whole, table + i * sizeof(Elf64_Rela));
    change(relocation);
    put(bytes, table + i * sizeof(Elf64_Rela), relocation);
    return complaint(bytes);
  };
  CHECK(says(changed(0, [](Elf64_Rela& first) { first.r_info = 0; }), "fewer relative relocations than it states"));
  CHECK(says(changed(count - 1, [](Elf64_Rela& last) { last.r_info |= 0x4000; }), "a relocation is of kind"));
  CHECK(says(changed(0, [](Elf64_Rela& first) { first.r_addend = 1 << 30; }), "points outside of what is loaded"));
  CHECK(says(complaint(with_value(whole, DT_RELACOUNT, count + 1)), "fewer relocations than it states"));
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (get<Elf64_Rela>(whole, table + i * sizeof(Elf64_Rela)).r_offset != constructors) continue;
    ++found;
    CHECK(says(changed(i, [](Elf64_Rela& first) { first.r_addend = 8; }), "a constructor or destructor is no code"));
    CHECK(says(changed(i, [](Elf64_Rela& first) { first.r_offset += 4; }), "a constructor or destructor is no code"));
    const auto elsewhere = [&](Elf64_Rela& first) { first.r_offset = value_of(whole, DT_PLTGOT); };
    CHECK(says(changed(i, elsewhere), "a constructor or destructor has no address"));
  }
  CHECK(found == 1);
}

TEST_CASE("an import that would resolve to the library's own beginning is refused") {
  auto bytes = without_sections(fixture("good").bytes);
  const auto at = value_of(bytes, DT_SYMTAB) + sizeof(Elf64_Sym);
  auto symbol = get<Elf64_Sym>(bytes, at);
  REQUIRE(symbol.st_shndx == SHN_UNDEF);
  symbol.st_other = STV_HIDDEN;
  put(bytes, at, symbol);
  CHECK(says(complaint(bytes), "a symbol is imported, but not from anywhere else"));
}

TEST_CASE("segments that map sections elsewhere are refused") {
  auto bytes = fixture("good").bytes;
  const auto header = get<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(Elf64_Phdr);
    auto segment = get<Elf64_Phdr>(bytes, at);
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    segment.p_offset -= segment.p_align;
    put(bytes, at, segment);
  }
  CHECK(says(complaint(bytes), "a section is not loaded where it says that it is"));
}

TEST_CASE("a segment that would become read-only beyond what was linked so is refused") {
  auto bytes = fixture("good").bytes;
  const auto header = get<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(Elf64_Phdr);
    auto segment = get<Elf64_Phdr>(bytes, at);
    if (segment.p_type != PT_GNU_RELRO) continue;
    segment.p_memsz += 1u << 20;
    put(bytes, at, segment);
  }
  CHECK(says(complaint(bytes), "makes more read-only than was linked that way"));
}

TEST_CASE("a symbol of a version that nobody describes is refused") {
  auto bytes = without_sections(fixture("good").bytes);
  put(bytes, value_of(bytes, DT_VERSYM) + 2, std::uint16_t{0x7FFF});
  CHECK(says(complaint(bytes), "a symbol has a version that is not described"));
}

TEST_CASE("thread-local storage beyond reason is refused: the loader ends the process when it cannot have it") {
  auto bytes = without_sections(fixture("bad_static_tls").bytes);
  const auto header = get<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(Elf64_Phdr);
    auto segment = get<Elf64_Phdr>(bytes, at);
    if (segment.p_type != PT_TLS) continue;
    segment.p_memsz = 1u << 30;
    put(bytes, at, segment);
  }
  CHECK(says(complaint(bytes), "thread_local variables take 1073741824 bytes in each thread"));
}
