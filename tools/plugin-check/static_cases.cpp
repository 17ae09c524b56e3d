// The gate's checks on the bytes, one case each. Nothing is mapped.
#include "bytes.hpp"
#include "check_case.hpp"

#include "plugin/image.hpp"

#include <algorithm>

namespace tenon::plugin_check {
namespace {

std::string case_name(std::string_view check) {
  std::string name(check);
  std::ranges::replace(name, ' ', '-');
  return name;
}

outcome ask_gate(const workbench& bench, std::string_view name) {
  const auto file = read_candidate(bench.copies.front());
  for (auto& finding : examine_candidate(file, bench.policy)) {
    if (case_name(finding.check) != name) continue;
    return finding.wrong ? as_told(std::move(*finding.wrong)) : skipped("the file or its manifest is illegible");
  }
  return failed("the gate has no such check", "report this: plugin-check and the gate do not fit together");
}

}  // namespace

std::vector<check_case> static_cases() {
  struct line {
    std::string_view name, question;
  };
  // By the names of the gate's checks, in its order.
  constexpr line lines[] = {
      {"geometry", "the file is a whole shared object of this machine"},
      {"manifest", "it carries a manifest that the host can read"},
      {"compatibility", "the manifest fits this host: ABI, sanitizer, services, AdCP release"},
      {"stack", "it asks for no executable stack"},
      {"segments", "no memory is both writable and executable"},
      {"text-relocations", "its code is not changed while it is loaded"},
      {"search-path", "it brings no RPATH or RUNPATH"},
      {"loader-flags", "it changes nothing else in the process by being loaded"},
      {"nodelete", "it may be unmapped"},
      {"static-tls", "it needs no static thread-local storage"},
      {"ifunc", "no code runs while it is relocated"},
      {"unique", "no symbol is unique in the process"},
      {"exports", "tenon_plugin_entry is its only export"},
      {"dependencies", "it needs the system's libraries alone"},
      {"imports", "it imports nothing that reaches for the whole process"},
  };
  std::vector<check_case> cases;
  for (const auto& [name, question] : lines) {
    check_case made{"static", name, question, {}, [name](workbench& bench) { return ask_gate(bench, name); }};
    if (name != "geometry") made.needs.push_back("static.geometry");
    if (name != "geometry" && name != "manifest") made.needs.push_back("static.manifest");
    if (name == "exports") made.needs.push_back("static.unique");  // such a symbol is exported as well
    cases.push_back(std::move(made));
  }
  return cases;
}

}  // namespace tenon::plugin_check
