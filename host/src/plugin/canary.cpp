#include "plugin/canary.hpp"

#include "plugin/canary_process.hpp"
#include "plugin/canary_protocol.hpp"
#include "plugin/refusal.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <csignal>
#include <optional>
#include <string_view>

#include <unistd.h>

namespace tenon {
namespace {

namespace json = boost::json;
using canary::conversation;
namespace steps = canary::steps;

/// Why something that stayed behind is a fault, and what its author does about it.
struct fault {
  std::string_view kind;
  std::string_view why;
  std::string_view advice;
};

constexpr fault faults[] = {
    {"thread", "it will run code that is unmapped under it",
     "use the host's timer/1 and http/1 instead of threads, or join each before deinit() returns"},
    {"child process", "nobody will wait for it", "start no processes; the host's services are what a plugin has"},
    {"descriptor", "each reload leaks one more", "close it before deinit() returns; the network is reached by http/1"},
    {"signal handler", "the next such signal jumps into unmapped code",
     "leave signals to the program that embeds the host"},
    {"signal mask", "the host's thread misses signals from now on",
     "leave signals to the program that embeds the host"},
    {"signal stack", "the next signal uses memory that is gone", "leave signals to the program that embeds the host"},
    {"terminate handler", "the next std::terminate jumps into unmapped code", "do not call std::set_terminate()"},
    {"new handler", "the next lack of memory jumps into unmapped code", "do not call std::set_new_handler()"},
    {"interval timer", "its signal ends the host", "use the host's timer/1"},
    {"thread-specific key", "each reload takes one of 1024, and its destructor jumps into unmapped code",
     "call pthread_key_delete() before deinit() returns, or keep no such key"},
    {"working directory", "relative paths of the whole host mean something else", "do not call chdir()"},
    {"umask", "files of the whole host get other modes", "do not call umask()"},
    {"environment variable", "it is the whole host's, and reading it meanwhile is a race",
     "do not call setenv() or putenv(); settings come with create()"},
    {"locale", "numbers and text of the whole host are read differently", "use std::locale objects or newlocale()"},
    {"floating-point mode", "arithmetic of the whole host is rounded differently",
     "do not link with -ffast-math or call fesetround()"},
    {"resource limit", "it is the whole host's", "do not call setrlimit()"},
    {"mapped", "a reload would map one more copy each time, and run on the old one's variables",
     "or allow it in the configuration: [plugins.NAME] allow_resident = true"},
};

std::string milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + " ms";
}

/// Text that the child sent, safe to print.
std::string printable(const json::value* text, std::size_t most) {
  std::string made;
  if (!text || !text->is_string()) return made;
  for (const char letter : text->get_string().subview(0, most)) {
    const auto byte = static_cast<unsigned char>(letter);
    made += byte < 0x20 || byte == 0x7F ? '?' : letter;
  }
  return made;
}

std::uint64_t number(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  boost::system::error_code code;
  if (!value || !value->is_number()) return 0;
  const auto read = value->to_number<std::uint64_t>(code);
  return code ? 0 : read;
}

std::chrono::nanoseconds time(const json::object& from, std::string_view key) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(number(from, key), INT64_MAX)));
}

/// What the lines of a conversation come to.
struct reading {
  std::string_view step = "the start of the child";  ///< the last that was announced
  std::uint64_t threads = 0;                         ///< of the plugin, when it was about to be unmapped
  std::optional<json::object> report;
  bool strange = false;  ///< something else was there than the canary's lines
};

void read_line(std::string_view line, reading& into) {
  boost::system::error_code code;
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // paths are bytes
  const auto parsed = json::parse(line, code, {}, options);
  const auto* object = code ? nullptr : parsed.if_object();
  into.strange = true;  // until it turns out to be one of ours
  if (!object || into.report) return;
  if (const auto* report = object->if_contains("report")) {
    if (!report->is_object()) return;
    into.report = report->get_object();
    into.strange = false;
    return;
  }
  const auto* step = object->if_contains("step");
  if (!step || !step->is_string()) return;
  const auto known = std::ranges::find(canary::all_steps, std::string_view(step->get_string()));
  if (known == canary::all_steps.end()) return;
  into.step = *known;
  if (object->contains("threads")) into.threads = number(*object, "threads");
  into.strange = false;
}

reading read(std::string_view heard) {
  reading made;
  while (!heard.empty() && !made.strange) {
    const auto end = heard.find('\n');
    if (end == heard.npos) {
      made.strange = made.report.has_value();  // otherwise it was cut off by its end
      break;
    }
    read_line(heard.substr(0, end), made);
    heard.remove_prefix(end + 1);
  }
  return made;
}

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

std::string at_step(const reading& said) { return " in " + std::string(said.step); }

std::string why_signalled(int signal, const reading& said) {
  auto text = "the child died of " + signal_name(signal) + at_step(said);
  const bool at_end = said.step == steps::unmap || said.step == steps::look || said.step == steps::exit;
  if (said.threads > 0 && at_end) {
    return text +
           ", when a thread of the plugin still ran: it ran into code that was unmapped under it; use the host's "
           "timer/1 and http/1 instead of threads, or join each before deinit() returns";
  }
  switch (signal) {
    case SIGXCPU: return text + ": it used up its processor time; the host's thread would never have come back";
    case SIGKILL: return text + ": something outside ended it, perhaps for lack of memory; look into the kernel's log";
    case SIGABRT:
      return text +
             ": it called abort(), let an exception out or failed an assertion, and would have ended the host; "
             "report errors by a status";
    default:
      return text + ", as the host would have; run it under AddressSanitizer, or look whether the file is damaged";
  }
}

/// Empty if the child ended as it should.
std::string why_ended(const conversation& talk, const reading& said) {
  if (said.strange || talk.flooded) {
    return "it wrote to a descriptor that it did not open" + at_step(said) +
           ", and would have written into the host's files and connections; close no descriptor twice, use none after "
           "it "
           "was closed";
  }
  if (talk.timed_out) {
    return "it did not come back from " + std::string(said.step) + " within " + milliseconds(talk.took) +
           ", and would have stalled the thread that loads every plugin; return at once, and wait with timer/1 or "
           "http/1";
  }
  if (talk.status_known && talk.signal != 0) return why_signalled(talk.signal, said);
  const bool ended = !talk.status_known || talk.exit_status == 0;
  if (said.report && ended && (said.step == steps::exit || said.report->contains("failed"))) return {};
  if (said.report && ended) {
    return "a report came before the end" + at_step(said) +
           ", which the canary does not send: the plugin wrote it, and pretends to have passed";
  }
  if (!talk.status_known) return "the child ended" + at_step(said) + ", and would have taken the host with it";
  if (!said.report && talk.exit_status == 90) {
    return "it closed a descriptor that it did not open" + at_step(said) +
           ", and would have closed the host's files and connections; close only what it opened, once";
  }
  return "it ended the process with exit status " + std::to_string(talk.exit_status) + at_step(said) +
         ", and would have ended the host; call neither exit() nor quick_exit() nor _exit(), report errors by a status";
}

std::string describe(const json::object& finding) {
  const auto kind = printable(finding.if_contains("kind"), 64);
  const auto name = printable(finding.if_contains("name"), 1024);
  if (kind == "refused") return name;
  const auto known = std::ranges::find(faults, std::string_view(kind), &fault::kind);
  const auto why = known == std::end(faults) ? std::string_view("it is the whole host's") : known->why;
  const auto advice = known == std::end(faults) ? std::string_view("leave it as it was") : known->advice;
  const auto rest = ": " + std::string(why) + "; " + std::string(advice);
  if (kind == "mapped") return "it is still mapped after dlclose(), " + name + rest;
  const auto before = printable(finding.if_contains("before"), 128);
  const auto after = printable(finding.if_contains("after"), 128);
  const auto named = name.empty() ? kind : kind + " " + name;
  if (before.empty()) return "it left a " + named + " behind (" + after + ")" + rest;
  if (after.empty()) return "it took away the " + named + " (" + before + ")" + rest;
  return "it changed the " + named + " (from " + before + " to " + after + ")" + rest;
}

void add(std::string& to, const std::string& finding) {
  if (!finding.empty()) to += (to.empty() ? "" : "; ") + finding;
}

void judge_growth(const canary_limits& limits, canary_report& into) {
  const auto grows = [](std::uint64_t bytes, std::string_view of) {
    return "each load and unload keeps " + std::to_string(bytes) + " bytes of " + std::string(of) +
           ", which a host that reloads never gets back; free in destroy() and deinit() what create() and init() "
           "allocated, and link libstdc++ dynamically";
  };
  if (into.heap_growth > limits.growth_per_cycle) add(into.refusal, grows(into.heap_growth, "heap"));
  if (into.mapped_growth > limits.growth_per_cycle) add(into.refusal, grows(into.mapped_growth, "address space"));
}

void judge(const json::object& said, const canary_limits& limits, canary_report& into) {
  into.cycles = static_cast<unsigned>(number(said, "cycles"));
  const auto* platform = said.if_contains("platform");
  into.platform = platform && platform->is_bool() && platform->get_bool();
  into.constructor = time(said, "constructor_ns");
  into.map = time(said, "map_ns");
  into.init = time(said, "init_ns");
  into.create = time(said, "create_ns");
  into.destroy = time(said, "destroy_ns");
  into.deinit = time(said, "deinit_ns");
  into.unmap = time(said, "unmap_ns");
  into.heap_growth = number(said, "heap_growth");
  into.mapped_growth = number(said, "mapped_growth");
  if (const auto* failed = said.if_contains("failed"))
    add(into.refusal, "the canary failed: " + printable(failed, 1024));
  const auto* findings = said.if_contains("findings");
  if (findings && findings->is_array()) {
    for (const auto& finding : findings->get_array()) {
      if (finding.is_object()) add(into.refusal, describe(finding.get_object()));
    }
  }
  judge_growth(limits, into);
  if (into.constructor <= limits.constructor_budget) return;
  into.lasting = !into.refusal.empty();
  add(into.refusal,
      "its static constructors took " + milliseconds(into.constructor) + ", expected at most " +
          milliseconds(limits.constructor_budget) +
          ": the dynamic loader's lock is held meanwhile, and stalls other threads of the host; do that work "
          "in create()");
}

std::string request_for(const std::filesystem::path& stored, const canary_limits& limits) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr bool sanitized = true;  // their shadow memory takes terabytes of addresses
#else
  constexpr bool sanitized = false;
#endif
  const json::object request{
      {"path", std::filesystem::absolute(stored).string()},  // the child works in another directory
      {"parent", ::getpid()},
      {"cycles", limits.cycles},
      {"resident", limits.resident},
      {"constructor_budget_ns", std::chrono::nanoseconds(limits.constructor_budget).count()},
      {"cpu_seconds", std::chrono::ceil<std::chrono::seconds>(limits.deadline).count() + 1},
      {"address_space", sanitized ? 0 : limits.address_space}};
  return json::serialize(request) + '\n';
}

}  // namespace

result<canary_report> run_canary(const std::filesystem::path& program, const std::filesystem::path& stored,
                                 const canary_limits& limits) {
  const auto talk = canary::converse(program, request_for(stored, limits), limits.deadline);
  if (!talk) return talk.error();
  const auto said = read(talk->heard);
  canary_report made;
  made.total = talk->took;
  made.refusal = why_ended(*talk, said);
  if (made.refusal.empty()) {
    judge(*said.report, limits, made);
  } else {
    made.lasting = !talk->timed_out && talk->signal != SIGKILL && talk->signal != SIGXCPU;
  }
  return made;
}

}  // namespace tenon
