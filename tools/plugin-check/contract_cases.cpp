// What plugin.h and host.h ask of a platform while it lives: tokens, threads, cancelling, the end.
#include "session.hpp"

#include "process_state.hpp"

#include <boost/json/parse.hpp>

#include <chrono>
#include <thread>

namespace tenon::plugin_check {
namespace {

std::string times(std::uint64_t count) { return count == 1 ? "once" : std::to_string(count) + " times"; }

/// Calls every task and runs what it waits for.
std::vector<session::started> call_all(stage& on, std::string_view request = "{}") {
  std::vector<session::started> calls;
  for (const auto& task : on.note.tasks) {
    auto call = on.platform.start(task.name, request);
    if (call.status == TENON_OK) on.platform.finish(call.token);
    calls.push_back(std::move(call));
  }
  if (calls.empty()) throw verdict_reached{skipped("its manifest lists no task")};
  return calls;
}

outcome instance(workbench& bench) {
  stage on(bench);
  if (!on.platform.create()) return skipped(on.platform.unready());
  on.end();
  return passed();
}

/// Waits for the end of threads that the plugin may have started: what they do to the host is known then.
void let_threads_end(std::uint64_t before) {
  for (int patience = 500; patience > 0 && canary::count_threads() > before; --patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

outcome thread(workbench& bench) {
  const auto threads = canary::count_threads();
  stage on(bench);
  const bool ready = on.platform.open();
  std::size_t calls = 0;
  if (ready) calls = call_all(on).size();
  let_threads_end(threads);
  const auto foreign = on.host.breaches(breach::foreign_thread);
  const auto stray = on.host.breaches(breach::no_entry);
  if (foreign > 0) {
    return failed("it called the host " + times(foreign) + " from a thread that is not the host's",
                  "own no thread: start timers and HTTP through the host, and answer in their completions");
  }
  if (stray > 0) {
    return failed("it called the host " + times(stray) + " below no entry of that platform",
                  "use a platform's context only in functions that the host entered for that platform");
  }
  on.end();
  return passed({{"calls", calls}});
}

outcome ready(workbench& bench) {
  stage on(bench);
  on.platform.open();
  if (!on.platform.instance()) return skipped(on.platform.unready());
  const auto& given = on.host.answer_to(on.platform.ready());
  if (given.times == 0) {
    return failed(on.host.waits(on.platform.ctx())
                      ? "create() starts one operation after the other and never completes its token"
                      : "create() has not completed its token, and waits for nothing any more",
                  "complete `ready` on every path, with an error if it did not work");
  }
  if (!given.malformed.empty()) {
    return failed("the answer of create() is malformed: " + given.malformed, "fill in tenon_reply as in host.h");
  }
  outcome made = passed({{"ready", given.status == TENON_OK}});
  if (given.status != TENON_OK) made.reason = on.platform.unready();
  on.end();
  return made;
}

outcome missing_services(workbench& bench) {
  const auto note = read_note(bench.copies.front());
  if (note.services.empty()) return skipped("its manifest asks for no service");
  generation plugin(bench, bench.copies.front());
  for (const auto& service : note.services) {
    checking_host host(upstream_body(bench), {.missing = {service}});
    if (plugin.try_init(host.table()) != TENON_OK) continue;  // it says so at once: as good
    session platform(bench, plugin, host, note, "plugin-check");
    platform.open();
    platform.destroy();
    plugin.deinit();
  }
  return passed({{"services", note.services.size()}});
}

outcome two_platforms(workbench& bench) {
  stage on(bench);
  session other(bench, on.plugin, on.host, on.note, "plugin-check-2");
  on.platform.must_open();
  other.must_open();
  if (on.platform.instance() == other.instance()) {
    return failed("create() handed out one instance for two platforms", "make a new one in every create()");
  }
  for (const auto& task : on.note.tasks) {
    const auto first = on.platform.start(task.name);
    const auto second = other.start(task.name);
    if (first.status == TENON_OK) on.platform.finish(first.token);
    if (second.status == TENON_OK) other.finish(second.token);
    if ((first.status == TENON_OK && !on.host.answered(first.token)) ||
        (second.status == TENON_OK && !on.host.answered(second.token))) {
      return failed(task.name + " is answered by one platform, but not by two at a time",
                    "keep what belongs to a platform in its instance, not in variables of the plugin");
    }
  }
  const auto mixed = on.host.breaches(breach::no_entry) + on.host.breaches(breach::unknown_token);
  if (mixed > 0) {
    return failed("it used one platform's context or token in the other " + times(mixed),
                  "keep what belongs to a platform in its instance, not in variables of the plugin");
  }
  on.platform.destroy();
  other.destroy();
  on.plugin.deinit();
  return passed();
}

outcome answers(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  std::vector<std::string> silent;
  boost::json::object figures;
  std::size_t good = 0;
  const auto calls = call_all(on);
  for (const auto& call : calls) {
    if (call.status == TENON_OK && !on.host.answered(call.token)) silent.push_back(call.task);
    if (on.host.answered(call.token) && on.host.answer_to(call.token).status == TENON_OK) ++good;
  }
  if (!silent.empty()) {
    return failed("nothing is open any more, and no answer came to " + list_of(silent),
                  "complete the token of every call that was accepted, on every path");
  }
  on.end();
  return passed({{"calls", calls.size()}, {"successful", good}});
}

outcome once(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  call_all(on);
  if (const auto twice = on.host.breaches(breach::twice); twice > 0) {
    return failed("it completed a token again, " + times(twice), "complete a token once, and forget it then");
  }
  if (const auto unknown = on.host.breaches(breach::unknown_token); unknown > 0) {
    return failed("it completed a token that the host never gave it, " + times(unknown),
                  "keep the token that call() or create() was given, as it is");
  }
  on.end();
  return passed();
}

outcome refusals(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  std::vector<std::string> both;
  for (const auto& call : call_all(on)) {
    if (call.status != TENON_OK && on.host.answered(call.token)) both.push_back(call.task);
  }
  if (!both.empty()) {
    return failed("call() returned an error and completed its token as well, for " + list_of(both),
                  "return TENON_OK once the token is completed or will be");
  }
  on.end();
  return passed();
}

outcome replies(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  for (const auto& call : call_all(on)) {
    if (call.status != TENON_OK) continue;
    const auto& given = on.host.answer_to(call.token);
    auto wrong = given.malformed;
    if (wrong.empty() && given.status == TENON_OK) {
      boost::system::error_code code;
      const auto body = boost::json::parse(given.body, code);
      if (code || !body.is_object()) wrong = "its body is no JSON object: " + given.body.substr(0, 64);
    }
    if (!wrong.empty()) return failed(call.task + ": " + wrong, "fill in tenon_reply as in host.h");
  }
  on.end();
  return passed();
}

outcome finished(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  std::size_t at_once = 0;
  for (const auto& call : call_all(on)) {
    at_once += call.inline_answer ? 1 : 0;
    on.platform.cancel(call.token);
  }
  on.platform.cancel(on.platform.ready());
  on.end();
  return passed({{"answered_inside_call", at_once}});
}

outcome exceptions(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  constexpr std::string_view odd[] = {R"({"brief": 5, "packages": "none", "account": [], "media_buy_id": {}})",
                                      R"({"packages": [null, 1, "x"], "creatives": [[]], "products": [{}]})",
                                      R"({"start_time": "never", "budget": -1e300, "media_buy_ids": [true]})"};
  for (const auto request : odd) call_all(on, request);
  on.platform.start("plugin_check_has_no_such_task");
  on.end();
  return passed();
}

outcome cancelled(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  std::vector<std::string> deaf;
  std::size_t open = 0;
  for (const auto& task : on.note.tasks) {
    const auto call = on.platform.start(task.name);
    if (task.blocking || call.status != TENON_OK || call.inline_answer) continue;
    ++open;
    on.platform.cancel(call.token);
    on.host.run_without_waiting(on.platform.ctx(), call.token);
    if (!on.host.answered(call.token)) deaf.push_back(task.name);
    on.platform.finish(call.token);
  }
  if (open == 0) return skipped("every task answers inside call(): there is nothing to cancel");
  if (!deaf.empty()) {
    return failed("cancel() changes nothing: these wait on for what they started: " + list_of(deaf),
                  "in cancel(), cancel the call's operations and complete its token when they complete");
  }
  on.end();
  return passed({{"cancelled", open}});
}

outcome open_end(workbench& bench) {
  stage on(bench);
  on.platform.must_open();
  for (const auto& task : on.note.tasks) on.platform.start(task.name);
  on.end();
  if (const auto late = on.host.breaches(breach::in_destroy); late > 0) {
    return failed("destroy() completed tokens or started operations, " + times(late),
                  "free what is left in destroy(): the host has answered it");
  }
  return passed();
}

outcome after_destroy(workbench& bench) {
  stage on(bench);
  session other(bench, on.plugin, on.host, on.note, "plugin-check-2");
  on.platform.must_open();
  for (const auto& task : on.note.tasks) on.platform.start(task.name);
  on.platform.destroy();
  other.must_open();
  for (const auto& task : on.note.tasks) {
    const auto call = other.start(task.name);
    if (call.status == TENON_OK) other.finish(call.token);
  }
  other.destroy();
  on.plugin.deinit();
  if (const auto late = on.host.breaches(breach::destroyed); late > 0) {
    return failed("it used a platform's context after destroy(), " + times(late),
                  "keep contexts and tokens in the instance, and forget them with it");
  }
  return passed();
}

}  // namespace

std::vector<check_case> contract_cases() {
  return {
      {"contract",
       "instance",
       "create() hands out an instance, and destroy() ends it at any moment",
       {"abi.host"},
       instance},
      {"contract", "thread", "the host is called from its own threads, below an entry", {"contract.instance"}, thread},
      {"contract", "ready", "create() completes its token", {"contract.thread"}, ready},
      {"contract",
       "missing-services",
       "a service that is not there is an error and no crash",
       {"contract.ready", "abi.poorer-host"},
       missing_services},
      {"contract", "answers", "every call is answered", {"contract.ready"}, answers},
      {"contract", "once", "every token is completed once", {"contract.answers"}, once},
      {"contract", "refusals", "a call is refused or answered, never both", {"contract.answers"}, refusals},
      {"contract", "replies", "answers are what host.h describes", {"contract.answers"}, replies},
      {"contract",
       "finished",
       "cancel() of a finished token, such as one answered inside call(), is a no-op",
       {"contract.answers"},
       finished},
      {"contract",
       "exceptions",
       "odd requests and unknown tasks are refused, and no exception leaves the plugin",
       {"contract.answers"},
       exceptions},
      {"contract",
       "cancel",
       "cancel() ends a call before what it waits for comes",
       {"contract.answers", "contract.finished"},
       cancelled},
      {"contract",
       "two-platforms",
       "two platforms live at a time and are told apart",
       {"contract.answers"},
       two_platforms},
      {"contract", "destroy", "destroy() frees open calls and answers none", {"contract.answers"}, open_end},
      {"contract",
       "after-destroy",
       "a destroyed platform's context is not used again",
       {"contract.destroy", "contract.two-platforms"},
       after_destroy},
  };
}

}  // namespace tenon::plugin_check
