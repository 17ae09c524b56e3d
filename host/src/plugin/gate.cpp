#include "plugin/elf_view.hpp"
#include "plugin/image.hpp"
#include "plugin/imports.hpp"
#include "plugin/linkage.hpp"
#include "plugin/refusal.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace tenon {
namespace {

/// What the checks look at, filled in from left to right.
struct evidence {
  const candidate& file;
  const plugin_policy& policy;
  std::optional<elf_view> view;
  std::vector<elf_view::symbol> symbols;
  tenon::manifest manifest;
};

/// A check that what came before has made safe to run. Answers what is wrong, or nothing.
struct gate_check {
  std::string_view name;
  std::string (*run)(evidence& found);
};

std::string check_geometry(evidence& found) {
  auto view = elf_view::open(found.file.bytes);
  if (!view) return view.error().operator_detail;
  found.view = std::move(*view);
  found.symbols = found.view->symbols();
  return {};
}

std::string check_note(evidence& found) {
  auto read = read_manifest(found.file.bytes);
  if (!read) return read.error().operator_detail;
  found.manifest = std::move(*read);
  return {};
}

std::string check_offer(evidence& found) {
  const auto offered = check_compatibility(found.manifest);
  return offered ? std::string() : offered.error().operator_detail;
}

std::string check_resident(evidence& found) {
  return found.policy.allow_resident ? std::string() : why_not_unloadable(*found.view);
}

/// Whether the operator allows it, by the name that the gate tells or by the symbol's own; nm -D adds a version to
/// that.
bool granted(const plugin_policy& policy, std::string_view told, std::string_view symbol) {
  return std::ranges::any_of(policy.allow_imports, [&](std::string_view name) {
    name = name.substr(0, name.find('@'));
    return name == told || name == symbol;
  });
}

std::string check_imports(evidence& found) {
  std::string all;
  std::vector<std::string_view> told;
  for (const auto& symbol : found.symbols) {
    if (symbol.defined) continue;
    const auto advice = advise_against(symbol.name);
    if (!advice || std::ranges::find(told, advice->name) != told.end()) continue;
    if (granted(found.policy, advice->name, symbol.name)) continue;
    told.push_back(advice->name);
    all += (all.empty() ? "it imports " : "; and ") + std::string(advice->name);
    if (advice->name != symbol.name) all += " (as " + std::string(symbol.name) + ")";
    all += ": " + std::string(advice->harm) + "; " + std::string(advice->remedy);
  }
  if (all.empty()) return {};
  std::string names;
  for (const auto name : told) names += (names.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return all + ". If it must, grant it: allow_imports = [" + names + "] in its [plugins] table";
}

// Each relies on those above it, so the first that fails ends it: no plugin, or one for another host.
constexpr std::array<gate_check, 3> what_it_is{{
    {"geometry", check_geometry},
    {"manifest", check_note},
    {"compatibility", check_offer},
}};

// How it was compiled and linked: all that is wrong is told, so that one more build mends it. The worst comes first.
constexpr std::array<gate_check, 12> how_it_was_built{{
    {"stack", [](evidence& found) { return why_not_stack(*found.view); }},
    {"segments", [](evidence& found) { return why_not_segments(*found.view); }},
    {"text relocations", [](evidence& found) { return why_not_text_relocations(*found.view); }},
    {"search path", [](evidence& found) { return why_not_search_path(*found.view); }},
    {"loader flags", [](evidence& found) { return why_not_loader_flags(*found.view); }},
    {"nodelete", check_resident},
    {"static tls", [](evidence& found) { return why_not_static_tls(*found.view); }},
    {"ifunc", [](evidence& found) { return why_not_indirect(*found.view, found.symbols); }},
    {"unique", [](evidence& found) { return why_not_unique(found.symbols); }},
    {"exports", [](evidence& found) { return why_not_exports(found.symbols, found.manifest.sanitizer); }},
    {"dependencies", [](evidence& found) { return why_not_needed(*found.view, found.manifest.sanitizer); }},
    {"imports", check_imports},
}};

std::string complaint(const gate_check& check, const std::string& wrong) {
  return "refused (" + std::string(check.name) + "): " + wrong;
}

}  // namespace

result<manifest> check_candidate(const candidate& file, const plugin_policy& policy) {
  evidence found{.file = file, .policy = policy, .view = {}, .symbols = {}, .manifest = {}};
  for (const auto& check : what_it_is) {
    const auto wrong = check.run(found);
    if (!wrong.empty()) return refusal(file.source.string() + ": " + complaint(check, wrong));
  }
  std::string all;
  for (const auto& check : how_it_was_built) {
    const auto wrong = check.run(found);
    if (!wrong.empty()) all += (all.empty() ? "" : ". Also ") + complaint(check, wrong);
  }
  if (!all.empty()) return refusal(file.source.string() + ": " + all);
  return std::move(found.manifest);
}

std::vector<gate_finding> examine_candidate(const candidate& file, const plugin_policy& policy) {
  evidence found{.file = file, .policy = policy, .view = {}, .symbols = {}, .manifest = {}};
  std::vector<gate_finding> findings;
  bool legible = true;
  const auto examine = [&](const gate_check& check) {
    gate_finding made{.check = check.name, .wrong = std::nullopt};
    if (legible) made.wrong = check.run(found);
    const bool foundation = check.run == check_geometry || check.run == check_note;
    if (foundation && made.wrong && !made.wrong->empty()) legible = false;
    findings.push_back(std::move(made));
  };
  std::ranges::for_each(what_it_is, examine);
  std::ranges::for_each(how_it_was_built, examine);
  return findings;
}

gate_report describe_candidate(const candidate& file) {
  const auto view = elf_view::open(file.bytes);
  if (!view) return {};
  return {.writable_bytes = view->writable_bytes(),
          .resident = (view->dynamic(DT_FLAGS_1).value_or(0) & DF_1_NODELETE) != 0};
}

}  // namespace tenon
