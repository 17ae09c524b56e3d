// Goal: no file that ops can drop crashes the gate, and a damaged one is refused with a reason. Method: a real
// plugin, truncated at a thousand places, with bits flipped in its headers, and things that are no plugins at all.
// Nothing is loaded.
#include "fixtures.hpp"

#include "plugin/elf_view.hpp"

#include <random>

using namespace tenon;
using namespace tenon::testing;

namespace {

std::string refusal_of(const candidate& file) {
  const auto checked = check_candidate(file);
  return checked ? std::string() : checked.error().operator_detail;
}

std::string refusal_of_bytes(std::string_view text) {
  candidate file{.name = "x", .source = "/plugins/x.so", .bytes = {}, .content_hash = {}};
  const auto bytes = std::as_bytes(std::span(text));
  file.bytes.assign(bytes.begin(), bytes.end());
  return refusal_of(file);
}

}  // namespace

TEST_CASE("a good plugin passes") { CHECK(refusal_of(fixture("good")) == ""); }

TEST_CASE("a file truncated anywhere is refused with a reason") {
  const auto whole = fixture("good");
  constexpr std::size_t places = 1000;
  for (std::size_t i = 0; i < places; ++i) {
    auto cut = whole;
    // Exactly as large as what is left, so that a sanitizer sees a read past it.
    cut.bytes = {whole.bytes.begin(),
                 whole.bytes.begin() + static_cast<std::ptrdiff_t>(whole.bytes.size() * i / places)};
    CAPTURE(i);
    CHECK(refusal_of(cut) != "");
  }
  CHECK(says(refusal_of_bytes("\x7f"
                              "ELF"),
             "truncated: the ELF header takes 64 bytes, the file has 4"));
}

TEST_CASE("any one bit flipped in the first 4 KiB is refused or harmless, never a crash") {
  auto file = fixture("good");
  REQUIRE(file.bytes.size() > 4096);
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 4096 * 8; ++bit) {
    const auto mask = std::byte{1} << (bit % 8);
    file.bytes[bit / 8] ^= mask;
    refused += check_candidate(file).has_value() ? 0 : 1;
    file.bytes[bit / 8] ^= mask;
  }
  CHECK(refused > 4096);
  CHECK(refusal_of(file) == "");
}

TEST_CASE("flipped bits in headers and in the note are refused or harmless, never a crash") {
  const auto whole = fixture("good");
  std::mt19937 random(20240607);
  std::size_t refused = 0;
  for (int round = 0; round < 5000; ++round) {
    auto damaged = whole;
    const auto reach = round % 2 == 0 ? std::size_t{1024} : damaged.bytes.size();
    for (int flips = 1 + round % 3; flips > 0; --flips) {
      const auto at = random() % reach;
      damaged.bytes[at] ^= std::byte{1} << (random() % 8);
    }
    refused += refusal_of(damaged).empty() ? 0 : 1;
    if (const auto view = elf_view::open(damaged.bytes)) {
      view->symbols();
      view->dynamic(DT_FLAGS_1);
    }
  }
  CHECK(refused > 500);
}

TEST_CASE("what is no plugin is told from what is a damaged one") {
  CHECK(says(refusal_of_bytes(""), "not an ELF file"));
  CHECK(says(refusal_of_bytes("#!/bin/sh\n"), "not an ELF file"));
  CHECK(says(refusal_of_bytes("\x7f"
                              "ELF" +
                              std::string(200, '\xFF')),
             "64-bit little-endian"));
}

TEST_CASE("code for another machine, and a program, are refused") {
  auto file = fixture("good");
  file.bytes[18] = std::byte{EM_RISCV};
  CHECK(says(refusal_of(file), "found machine 243; build the plugin for this machine"));
  file = fixture("good");
  file.bytes[16] = std::byte{ET_EXEC};
  CHECK(says(refusal_of(file), "expected a shared object (ELF type 3), found type 2"));
}

TEST_CASE("the refusal names the file and the check") {
  const auto found = refusal_of(fixture("bad_abi"));
  CHECK_MESSAGE(says(found, "bad_abi.so: refused (compatibility): the host has plugin ABI"), found);
  CHECK(says(refusal_of(fixture("bad_no_note")), "bad_no_note.so: refused (manifest): no manifest note"));
}
