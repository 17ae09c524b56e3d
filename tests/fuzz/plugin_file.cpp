// Goal: no bytes in a plugin's file crash the gate, hang it, or get answers out of it that disagree. Method: libFuzzer
// (tools/fuzz) makes up the bytes; replay.cpp runs what was kept through the same function in every build.
#include "plugin/elf_view.hpp"
#include "plugin/image.hpp"
#include "plugin/linkage.hpp"

#include <cstdlib>

using namespace tenon;

namespace {

/// What must hold for any bytes. Ends the program if it does not, which is what the fuzzer looks for.
void expect(bool holds) {
  if (!holds) std::abort();
}

/// Every question that can be asked of a file whose tables were found to be sound.
void ask_everything(const elf_view& view) {
  const auto symbols = view.symbols();
  constexpr std::string_view sanitizer = "address,undefined";
  for (const auto check : {why_not_stack, why_not_segments, why_not_text_relocations, why_not_search_path,
                           why_not_loader_flags, why_not_unloadable, why_not_static_tls}) {
    (void)check(view);
  }
  (void)why_not_indirect(view, symbols);
  (void)why_not_unique(symbols);
  (void)why_not_exports(symbols, sanitizer);
  (void)why_not_needed(view, sanitizer);
  (void)view.dynamic_text(DT_SONAME);
  (void)view.writable_bytes();
  (void)view.notes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  candidate file{.name = "fuzzed", .source = "/plugins/fuzzed.so", .bytes = {}, .content_hash = {}};
  const auto bytes = std::as_bytes(std::span(data, size));
  file.bytes.assign(bytes.begin(), bytes.end());  // exactly as large, so that a read past its end is seen

  const auto view = elf_view::open(file.bytes);
  if (view) ask_everything(*view);
  const auto strict = check_candidate(file);
  plugin_policy lenient;
  lenient.allow_resident = true;
  lenient.allow_imports = {"pthread_create", "fork", "signal"};
  const auto granted = check_candidate(file, lenient);

  expect(!strict || view.has_value());
  expect(!strict || granted.has_value());
  expect(strict || !strict.error().operator_detail.empty());
  expect(!strict || read_manifest(file.bytes).has_value());
  expect(!strict || !describe_candidate(file).resident);
  return 0;
}
