#pragma once

#include <tenon/error.hpp>

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// A shared object's headers and tables, read from its bytes. Every offset is checked against the file's size before
/// it is followed, so any bytes are safe to look at; nothing is mapped or run.
///
/// What the dynamic loader goes by is what is read: segments and the dynamic section. Sections are optional; where
/// they show the same tables they must agree.
///
/// Lifetime    Borrows the bytes. Cost        Microseconds, and a few nanoseconds for each symbol and relocation.
class elf_view {
 public:
  /// Errors (CONFIGURATION_ERROR): not an ELF64 little-endian shared object of this machine, or a header, a segment, a
  /// section or a table that the dynamic loader follows does not lie in the file, as in a truncated or damaged copy.
  static result<elf_view> open(std::span<const std::byte> image);

  struct note {
    std::string_view owner;
    std::uint32_t type = 0;
    std::span<const std::byte> descriptor;
  };

  /// All notes of all PT_NOTE segments. Errors: a note that reaches out of its segment.
  result<std::vector<note>> notes() const;

  struct symbol {
    std::string_view name;
    unsigned binding = 0;     ///< STB_*
    unsigned type = 0;        ///< STT_*
    unsigned visibility = 0;  ///< STV_*
    bool defined = false;

    bool exported() const noexcept;
  };

  /// The dynamic symbols, whether or not there is a section table.
  std::vector<symbol> symbols() const;

  /// The libraries that the dynamic loader would load with it.
  std::vector<std::string_view> needed() const;

  /// The value of a dynamic entry such as DT_FLAGS_1, if there is one.
  std::optional<std::uint64_t> dynamic(std::int64_t tag) const;

  /// The text of a dynamic entry such as DT_RUNPATH, if there is one.
  std::optional<std::string_view> dynamic_text(std::int64_t tag) const;

  /// What the relocations ask for, beside addresses of symbols.
  struct relocation_kinds {
    bool indirect = false;    ///< a function that runs while relocating decides the value (IFUNC)
    bool static_tls = false;  ///< an offset into static thread-local storage
    bool text = false;        ///< a place that is not writable
  };
  relocation_kinds relocations() const noexcept { return relocations_; }

  std::span<const Elf64_Phdr> segments() const noexcept { return segments_; }

  /// Bytes of memory that its code can write to: what platforms that share the library share.
  std::uint64_t writable_bytes() const noexcept;

 private:
  using bytes = std::span<const std::byte>;

  explicit elf_view(bytes image) : image_(image) {}

  // In the order of the calls. Each answers what is wrong, or nothing.
  std::string check_header();
  std::string read_segments();
  std::string check_segment(std::size_t index) const;
  std::string read_sections();
  std::string read_dynamic();
  std::string read_strings();
  std::string read_symbols();
  std::string read_relocations();
  struct function_array;
  std::string read_relocations(std::int64_t address, std::int64_t size, std::span<function_array> arrays);
  bool maps(const Elf64_Shdr& section) const noexcept;
  std::string compare_sections();
  std::string check_symbols();
  std::string count_gnu_hashed();
  std::string count_hashed();
  std::string check_versions() const;

  class version_numbers;
  bool learn_needed(std::uint64_t address, version_numbers& known) const;
  bool learn_defined(std::uint64_t address, version_numbers& known) const;

  bool inside(std::uint64_t offset, std::uint64_t size) const noexcept;
  /// The bytes of the file that are loaded at an address; nothing if not all of them come from the file.
  std::optional<bytes> loaded(std::uint64_t address, std::uint64_t size) const noexcept;
  /// From an address to the end of what its segment takes from the file.
  std::optional<bytes> loaded_from(std::uint64_t address) const noexcept;
  /// The bytes of a table of the dynamic section. None is fine, one that is not loaded is not.
  std::optional<bytes> table(std::int64_t address, std::int64_t size) const;
  bool executable(std::uint64_t address) const noexcept;
  std::uint64_t end_of_memory() const noexcept;
  std::optional<std::string_view> text_at(std::uint64_t offset) const noexcept;

  template <class Value>
  Value at(std::uint64_t offset) const noexcept;

  bytes image_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
  std::vector<Elf64_Dyn> dynamic_;
  bytes strings_;
  bytes symbols_;
  std::uint64_t symbol_count_ = 0;
  relocation_kinds relocations_;
};

}  // namespace tenon
