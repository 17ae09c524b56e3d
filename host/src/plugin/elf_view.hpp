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

/// A shared object's headers, read from its bytes. Every offset is checked against the file's size before it is
/// followed, so any bytes are safe to look at; nothing is mapped or run.
///
/// Lifetime    Borrows the bytes.
/// Cost        A few microseconds; symbols() walks the dynamic symbol table.
class elf_view {
 public:
  /// Errors (CONFIGURATION_ERROR): not an ELF64 little-endian shared object of this machine, or a header, segment or
  /// the section table does not lie in the file, as in a truncated copy.
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
    unsigned binding = 0;  ///< STB_*
    bool defined = false;
  };

  /// The dynamic symbols; empty if the section table does not show them.
  std::vector<symbol> symbols() const;

  /// The value of a dynamic entry such as DT_FLAGS_1, if there is one.
  std::optional<std::uint64_t> dynamic(std::int64_t tag) const;

  std::span<const Elf64_Phdr> segments() const noexcept { return segments_; }

 private:
  explicit elf_view(std::span<const std::byte> image) : image_(image) {}

  std::string check_header();
  std::string read_segments();
  std::string check_segment(std::size_t index) const;
  std::string read_sections();
  bool inside(std::uint64_t offset, std::uint64_t size) const noexcept;

  template <class Value>
  Value at(std::uint64_t offset) const noexcept;
  std::string_view text_at(const Elf64_Shdr& table, std::uint64_t offset) const noexcept;

  std::span<const std::byte> image_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
};

}  // namespace tenon
