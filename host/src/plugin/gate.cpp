#include "plugin/elf_view.hpp"
#include "plugin/image.hpp"
#include "plugin/refusal.hpp"

#include <array>

namespace tenon {
namespace {

/// What the checks look at, filled in from left to right.
struct evidence {
  const candidate& file;
  tenon::manifest manifest;
};

/// A check that what came before has made safe to run.
struct gate_check {
  std::string_view name;
  result<void> (*run)(evidence& found);
};

result<void> check_geometry(evidence& found) {
  const auto view = elf_view::open(found.file.bytes);
  if (!view) return view.error();
  return {};
}

result<void> check_note(evidence& found) {
  auto read = read_manifest(found.file.bytes);
  if (!read) return read.error();
  found.manifest = std::move(*read);
  return {};
}

result<void> check_offer(evidence& found) { return check_compatibility(found.manifest); }

// In this order: each check relies on those above it, and the first that fails is the one that is told.
constexpr std::array<gate_check, 3> checks{{
    {"geometry", check_geometry},
    {"manifest", check_note},
    {"compatibility", check_offer},
}};

}  // namespace

result<manifest> check_candidate(const candidate& file) {
  evidence found{.file = file, .manifest = {}};
  for (const auto& check : checks) {
    const auto passed = check.run(found);
    if (passed) continue;
    auto refused = passed.error();
    refused.operator_detail =
        file.source.string() + ": refused (" + std::string(check.name) + "): " + refused.operator_detail;
    return refused;
  }
  return std::move(found.manifest);
}

}  // namespace tenon
