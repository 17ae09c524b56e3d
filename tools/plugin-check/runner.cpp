#include "runner.hpp"

#include "bytes.hpp"
#include "child.hpp"
#include "private_copies.hpp"

#include "plugin/canary_process.hpp"
#include "plugin/refusal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

#include <unistd.h>

namespace tenon::plugin_check {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view what_ends_a_process =
    "run it in a debugger: load the plugin in a unit test with tenon/sdk/testing/fake_host.hpp and take the same steps";

/// What a child's lines come to.
struct account {
  std::string step = "its first step";
  std::string exception;
  std::optional<json::object> report;
  bool garbled = false;
};

account read_account(std::string_view heard, std::string_view key) {
  account made;
  while (!heard.empty()) {
    const auto end = std::min(heard.find('\n'), heard.size());
    boost::system::error_code code;
    const auto line = json::parse(heard.substr(0, end), code);
    heard.remove_prefix(std::min(end + 1, heard.size()));
    const json::object* members = code ? nullptr : line.if_object();
    const auto* signed_with = members ? members->if_contains("key") : nullptr;
    if (!signed_with || !signed_with->is_string() || signed_with->get_string() != key) members = nullptr;
    const auto* step = members ? members->if_contains("step") : nullptr;
    const auto* exception = members ? members->if_contains("exception") : nullptr;
    const auto* report = members ? members->if_contains("report") : nullptr;
    if (step && step->is_string()) {
      made.step = step->get_string();
    } else if (exception && exception->is_string()) {
      made.exception = exception->get_string();
    } else if (report && report->is_object() && report->get_object().contains("result") && heard.empty()) {
      made.report = report->get_object();
    } else {
      made.garbled = true;
    }
  }
  return made;
}

std::string member(const json::object& of, std::string_view name) {
  const auto* value = of.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

outcome from_json(const json::object& report) {
  const auto result = member(report, "result");
  outcome made{result == "pass"   ? verdict::pass
               : result == "skip" ? verdict::skip
                                  : verdict::fail,
               member(report, "reason"),
               member(report, "advice"),
               {}};
  if (const auto* figures = report.if_contains("figures"); figures && figures->is_object()) {
    made.figures = figures->get_object();
  }
  return made;
}

std::string signal_name(int number) {
  const auto* name = ::sigabbrev_np(number);
  return name ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

/// What became of a case by its child's life.
outcome judge(const canary::conversation& talk, std::chrono::milliseconds limit, std::string_view key) {
  const auto told = read_account(talk.heard, key);
  const auto in_step = ", in " + told.step;
  if (talk.flooded) return failed("it writes to a descriptor that is not its own" + in_step, "write to no descriptor");
  if (talk.timed_out) {
    return failed("not done after " + std::to_string(limit.count()) + " ms" + in_step,
                  "never wait in a function of the plugin: start an operation and answer in its completion");
  }
  if (!told.exception.empty()) {
    return failed("an exception left the plugin (" + told.exception + ")" + in_step,
                  "catch everything in every function that the host calls");
  }
  if (talk.signal != 0) {
    return failed("the process ended by " + signal_name(talk.signal) + in_step, std::string(what_ends_a_process));
  }
  if (told.garbled) {
    return failed("it writes to a descriptor that is not its own" + in_step, "write to no descriptor");
  }
  if (!told.report || talk.exit_status != 0) {
    return failed("the process ended with status " + std::to_string(talk.exit_status) + in_step,
                  "never end the process, and close no descriptor that you did not open");
  }
  return from_json(*told.report);
}

/// Runs cases one after the other and remembers what became of them.
class runner {
 public:
  runner(const check_request& request, fs::path program) : request_(request), program_(std::move(program)) {}

  result<case_report> run(const check_case& one) {
    case_report made{std::string(one.group), std::string(one.name), std::string(one.question), {}, {}};
    made.reached.reason = why_not(one);
    if (!made.reached.reason.empty()) {
      made.reached.result = verdict::skip;
      blocked_[one.full_name()] = first_cause_;
      return made;
    }
    const auto limit = limit_of(one);
    const auto talk = canary::converse(program_, request_line(one, limit), limit, std::string(child_argument));
    if (!talk) return talk.error();
    made.took = std::chrono::duration_cast<std::chrono::milliseconds>(talk->took);
    made.reached = judge(*talk, limit, key_);
    if (one.full_name() == "speed.constructors" && made.reached.figures.contains("us")) {
      load_ = std::chrono::microseconds(made.reached.figures.at("us").to_number<std::int64_t>());
    }
    if (made.reached.result != verdict::fail) return made;
    blocked_[one.full_name()] = one.full_name();
    if (one.group == "static") gate_refused_ = true;
    return made;
  }

 private:
  std::string why_not(const check_case& one) {
    if (one.group != "static" && gate_refused_) {
      first_cause_ = "the gate";
      return "not run: the gate refused the file";
    }
    for (const auto need : one.needs) {
      const auto cause = blocked_.find(std::string(need));
      if (cause == blocked_.end()) continue;
      first_cause_ = cause->second;
      return "not run: " + first_cause_ + " failed";
    }
    return {};
  }

  std::chrono::milliseconds limit_of(const check_case& one) const {
    if (!one.repeats) return request_.limit;
    // Generous: a cycle is at most ten overlapped reloads, and each takes as long as its constructors at least.
    const auto per_cycle = std::chrono::milliseconds(50) + 20 * load_;
    return request_.limit +
           std::chrono::ceil<std::chrono::milliseconds>(per_cycle * request_.bench.cycles * sanitizer_factor());
  }

  std::string request_line(const check_case& one, std::chrono::milliseconds limit) const {
    const auto& bench = request_.bench;
    json::object line{
        {"parent", ::getpid()},
        {"key", key_},
        {"case", one.full_name()},
        {"file", bench.file.string()},
        {"copies", json::array{bench.copies[0].string(), bench.copies[1].string()}},
        {"allow_imports", json::array(bench.policy.allow_imports.begin(), bench.policy.allow_imports.end())},
        {"cycles", bench.cycles},
        {"constructor_budget_ms", bench.constructor_budget_ms},
        {"cpu_seconds", std::chrono::ceil<std::chrono::seconds>(limit).count() + 1}};
    if (bench.settings) line["settings"] = *bench.settings;
    if (bench.upstream) line["upstream"] = *bench.upstream;
    return json::serialize(line) + '\n';
  }

  const check_request& request_;
  fs::path program_;
  const std::string key_ = std::to_string(std::random_device()());  ///< each line of a child carries it
  std::chrono::microseconds load_{};                                ///< what mapping it takes
  bool gate_refused_ = false;
  std::string first_cause_;
  std::map<std::string, std::string> blocked_;  ///< cases that did not pass, and the failure that it goes back to
};

bool named(const check_case& one, const std::vector<std::string>& names) {
  return names.empty() || std::ranges::any_of(names, [&](const std::string& name) {
           return name == one.group || name == one.name || name == one.full_name();
         });
}

/// The cases to run: those that are asked for, and what they need, in the order of all.
std::vector<check_case> chosen(std::vector<check_case> all, const std::vector<std::string>& names) {
  std::vector<std::string> wanted;
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    const bool needed = std::ranges::find(wanted, one->full_name()) != wanted.end();
    // The gate goes first: without it nothing is safe to load.
    if (!needed && !named(*one, names) && (names.empty() || one->group != "static")) continue;
    wanted.push_back(one->full_name());
    wanted.insert(wanted.end(), one->needs.begin(), one->needs.end());
  }
  std::erase_if(all, [&](const check_case& one) { return std::ranges::find(wanted, one.full_name()) == wanted.end(); });
  return all;
}

}  // namespace

std::size_t plugin_report::count(verdict which) const {
  return static_cast<std::size_t>(
      std::ranges::count(cases, which, [](const case_report& one) { return one.reached.result; }));
}

result<plugin_report> run_cases(check_request request) {
  candidate file;
  try {
    file = read_candidate(request.bench.file);
  } catch (const verdict_reached& unreadable) {
    return refusal(unreadable.reached.reason + "; " + unreadable.reached.advice);
  }
  const auto copies = private_copies::make(file.bytes);
  if (!copies) return copies.error();
  request.bench.copies = copies->paths();
  plugin_report made{request.bench.file.string(), file.content_hash, {}, {}, {}};
  if (const auto note = read_manifest(file.bytes)) {
    made.plugin = note->id;
    made.version = note->version;
  }
  std::error_code code;
  runner runs(request, fs::read_symlink("/proc/self/exe", code));
  for (const auto& one : chosen(all_cases(), request.only)) {
    auto ran = runs.run(one);
    if (!ran) return ran.error();
    // Of what was not asked for only failures are told: they say why.
    if (named(one, request.only) || ran->reached.result == verdict::fail) made.cases.push_back(std::move(*ran));
  }
  return made;
}

}  // namespace tenon::plugin_check
