// tenon-plugin-check: does a plugin keep the rules of plugin-api? For its author, before a host ever sees it.

#include "child.hpp"
#include "report.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

namespace json = boost::json;
namespace check = tenon::plugin_check;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::size_t longest_file = 16 * 1024;  // each child hears it in one line

/// Reads a file of JSON, or says why not.
std::optional<json::value> read_json(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  json::error_code malformed;
  auto value = json::parse(text, malformed);
  if (file && !malformed && text.size() <= longest_file) return value;
  std::cerr << "plugin-check: " << path << ": expected a file of JSON, of at most " << longest_file << " bytes, found "
            << (!file       ? "that it cannot be read"
                : malformed ? malformed.message()
                            : std::to_string(text.size()))
            << '\n';
  return std::nullopt;
}

int check_plugin(check::check_request request, bool as_json) {
  const auto report = check::run_cases(std::move(request));
  if (!report) {
    std::cerr << "plugin-check: " << report.error().operator_detail << '\n';
    return exit_usage;
  }
  if (report->cases.empty()) {
    std::cerr << "plugin-check: expected the name of a case or a group with --case, found another; --list has them\n";
    return exit_usage;
  }
  if (as_json) {
    std::cout << json::serialize(check::in_json(*report)) << '\n';
  } else {
    check::print(std::cout, *report);
  }
  return report->count(check::verdict::fail) == 0 ? 0 : exit_failed;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Checks a plugin against the rules of tenon's plugin API, each case in a process of its own.\n"
      "Exit status: 0 all passed, 1 a case failed, 2 nothing could be checked.",
      "tenon-plugin-check");
  app.set_version_flag("--version", TENON_VERSION);
  check::check_request request;
  std::string settings;
  std::string upstream;
  bool as_json = false;
  bool list = false;
  unsigned limit_s = 10;
  app.add_option("file", request.bench.file, "the plugin");
  app.add_flag("--json", as_json, "print the outcome as JSON");
  app.add_flag("--list", list, "say which cases there are");
  app.add_option("--case", request.only, "a case or a group, and no others; may be repeated")->take_all();
  app.add_option("--settings", settings, "a JSON object: the settings of a tenant, instead of a sample by the schema");
  app.add_option("--upstream", upstream, "JSON: what the ad server answers to everything");
  app.add_option("--allow-import", request.bench.policy.allow_imports, "as allow_imports of its [plugins] table");
  app.add_option("--cycles", request.bench.cycles, "loads and unloads; overlapped reloads are ten times as many")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  app.add_option("--constructor-budget-ms", request.bench.constructor_budget_ms, "what loading may take")
      ->capture_default_str();
  app.add_option("--time-limit", limit_s, "seconds for a case; those with cycles get more")
      ->check(CLI::Range(1u, 3600u))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : exit_usage;
  }
  if (list) {
    check::list_cases(std::cout);
    return 0;
  }
  if (request.bench.file.empty()) {
    std::cerr << "plugin-check: expected a plugin's file, found none; see --help\n";
    return exit_usage;
  }
  if (!settings.empty()) {
    const auto read = read_json(settings);
    if (!read) return exit_usage;
    if (!read->is_object()) return std::cerr << "plugin-check: " << settings << ": expected an object\n", exit_usage;
    request.bench.settings = read->get_object();
  }
  if (!upstream.empty() && !(request.bench.upstream = read_json(upstream))) return exit_usage;
  request.limit = std::chrono::seconds(limit_s);
  return check_plugin(std::move(request), as_json);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == check::child_argument) return check::run_child();
  try {
    return run(argc, argv);
  } catch (const std::exception& wrong) {
    std::cerr << "plugin-check: " << wrong.what() << '\n';
    return exit_usage;
  }
}
