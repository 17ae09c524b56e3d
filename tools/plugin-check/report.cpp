#include "report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <iomanip>
#include <ostream>

namespace tenon::plugin_check {
namespace {

namespace json = boost::json;

std::string full_name(const case_report& one) { return one.group + "." + one.name; }

std::string figures_of(const outcome& reached) {
  std::string all;
  for (const auto& [name, value] : reached.figures) {
    all += (all.empty() ? "" : ", ") + std::string(name) + " " + json::serialize(value);
  }
  return all;
}

std::string remark(const case_report& one) {
  const auto figures = figures_of(one.reached);
  if (one.reached.reason.empty()) return figures.empty() ? one.question : figures;
  return one.reached.reason + (one.reached.result == verdict::pass && !figures.empty() ? " (" + figures + ")" : "");
}

}  // namespace

void print(std::ostream& out, const plugin_report& report) {
  constexpr std::string_view words[] = {"ok", "FAIL", "skip"};
  for (const auto& one : report.cases) {
    out << std::left << std::setw(6) << words[static_cast<std::size_t>(one.reached.result)] << std::setw(30)
        << full_name(one) << remark(one) << '\n';
  }
  const auto wrong = report.count(verdict::fail);
  const auto skipped = report.count(verdict::skip);
  if (wrong > 0) out << "\nWhat to do:\n";
  for (const auto& one : report.cases) {
    if (one.reached.result != verdict::fail) continue;
    const auto& advice = one.reached.advice;
    out << "  " << full_name(one) << ": " << (advice.empty() ? "see what was found above" : advice) << '\n';
  }
  out << "plugin-check: " << report.file << ": ";
  if (wrong > 0) {
    out << wrong << " of " << report.cases.size() << " failed";
  } else {
    out << report.count(verdict::pass) << " passed";
  }
  if (skipped > 0) out << ", " << skipped << " skipped";
  out << std::endl;
}

json::object in_json(const plugin_report& report) {
  constexpr std::string_view words[] = {"pass", "fail", "skip"};
  json::array cases;
  for (const auto& one : report.cases) {
    cases.push_back(json::object{{"name", one.name},
                                 {"group", one.group},
                                 {"result", words[static_cast<std::size_t>(one.reached.result)]},
                                 {"reason", one.reached.reason},
                                 {"advice", one.reached.advice},
                                 {"figures", one.reached.figures}});
  }
  return {{"file", report.file},
          {"sha256", report.sha256},
          {"plugin", report.plugin},
          {"version", report.version},
          {"cases", std::move(cases)},
          {"passed", report.count(verdict::pass)},
          {"failed", report.count(verdict::fail)},
          {"skipped", report.count(verdict::skip)}};
}

void list_cases(std::ostream& out) {
  for (const auto& one : all_cases()) out << std::left << std::setw(30) << one.full_name() << one.question << '\n';
}

}  // namespace tenon::plugin_check
