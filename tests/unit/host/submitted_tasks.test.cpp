// Goal: what was submitted is written down before the buyer hears of it, gone on with until it has an answer, also in a
// later process, and never twice at once. Method: a real book in a directory; calls that a test ends by hand; clock,
// scheduler and the thread for files likewise.
#include "host/submitted_tasks.hpp"

#include "manual_scheduler.hpp"
#include "state_directory.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

/// What outlives a process: the directory and the clock.
struct machine {
  state_directory disk;
  manual_clock time;
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> log = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(64);
};

class process {
 public:
  explicit process(machine& on, std::uint32_t at_once = 4)
      : on_(on), work_(std::make_shared<manual_scheduler>(on.time)) {
    const auto calls = [this](call_request request, reply_handler done) {
      running.push_back({std::move(request), std::move(done)});
    };
    tasks = std::make_shared<submitted_tasks>(
        task_environment{.time = &on.time,
                         .work = work_,
                         .files = files_.get_executor(),
                         .logger = std::make_shared<spdlog::logger>("test", on.log),
                         .book = on.disk.root() / "tasks.sqlite",
                         .at_once = at_once,
                         .most_open_of_tenant = 8,
                         .start = calls,
                         .through = calls,
                         .kind_of =
                             [](std::string_view, std::string_view task) {
                               return task_kind{.mutating = task != "get_products",
                                                .may_submit = task != "get_products" && task != "sync_accounts"};
                             },
                         .chance = [] { return 0.5; }});
  }

  using outcome_ptr = std::shared_ptr<std::optional<result<reply>>>;

  struct who {
    std::string tenant = "acme";
    std::string principal = "buyer";
  };

  /// A buyer's call.
  outcome_ptr call(const std::string& task = "create_media_buy", const std::string& key = "key") {
    return call_of({}, task, key);
  }

  outcome_ptr call_of(const who& buyer, const std::string& task, const std::string& key) {
    auto outcome = std::make_shared<std::optional<result<reply>>>();
    call_request request{.task = task, .body = R"({"brand":"x"})", .context = {}};
    request.context.account = {.id = "main", .metadata = {{"tenant_id", buyer.tenant}}};
    request.context.principal = buyer.principal;
    request.context.idempotency_key = key;
    tasks->call(std::move(request), [outcome](result<reply> came) { *outcome = std::move(came); });
    run();
    return outcome;
  }

  /// Ends the oldest call that runs, and does what follows.
  void end(result<reply> outcome) {
    REQUIRE_FALSE(running.empty());
    auto ending = std::move(running.front());
    running.pop_front();
    ending.done(std::move(outcome));
    run();
  }

  void run() {
    do {
      work_->run();
      files_.restart();
    } while (files_.poll() > 0);
  }
  void advance(std::chrono::nanoseconds by) {
    work_->advance(by);
    run();
  }

  /// Submits one of a key of its own, and gives its id.
  std::string submit(std::chrono::nanoseconds delay = 10s, const std::string& tenant = "acme") {
    const auto asked = call_of({.tenant = tenant}, "create_media_buy", "key " + std::to_string(++keys_));
    end(submission("one", delay));
    return id_of(asked);
  }

  static std::string id_of(const outcome_ptr& asked) {
    REQUIRE(asked->has_value());
    REQUIRE(asked->value().has_value());
    return std::string(boost::json::parse((*asked)->value().body).at("task_id").as_string());
  }

  std::optional<submitted_task> find(const std::string& id, const std::string& tenant = "acme") {
    std::optional<submitted_task> read;
    tasks->find(tenant, id, [&read](result<std::optional<submitted_task>> found) { read = std::move(*found); });
    run();
    return read;
  }

  static result<reply> submission(std::string resume, std::chrono::nanoseconds delay) {
    return reply{.submitted = std::make_shared<const task_submission>(
                     task_submission{.resume = std::move(resume), .message = "wait", .delay = delay})};
  }

  struct running_call {
    call_request request;
    reply_handler done;
  };
  std::deque<running_call> running;
  std::shared_ptr<submitted_tasks> tasks;

 private:
  machine& on_;
  std::shared_ptr<manual_scheduler> work_;
  boost::asio::io_context files_;
  int keys_ = 0;
};

error unavailable() {
  auto made = make_error("SERVICE_UNAVAILABLE", "no", "upstream is down");
  made.retry_after_s = 0;
  made.by_plugin = true;
  return made;
}

error from_plugin(std::string_view code) {
  auto made = make_error(code, "no", "the plugin says so");
  made.by_plugin = true;
  return made;
}

}  // namespace

TEST_CASE("a task that is submitted is answered with its id, and gone on with when it is due") {
  machine on;
  process host(on);
  const auto asked = host.call();
  REQUIRE(host.running.size() == 1);
  CHECK_FALSE(host.running[0].request.context.resumed);
  host.end(process::submission("one", 10s));
  REQUIRE(asked->has_value());
  const auto body = boost::json::parse(asked->value()->body);
  CHECK(body.at("status").as_string() == "submitted");
  CHECK(body.at("message").as_string() == "wait");
  const std::string id(body.at("task_id").as_string());
  CHECK(id.size() == 37);
  CHECK_FALSE(asked->value()->submitted);

  host.advance(9s);
  CHECK(host.running.empty());
  host.advance(1s);
  REQUIRE(host.running.size() == 1);
  const auto& again = host.running[0].request;
  CHECK(again.task == "create_media_buy");
  CHECK(again.body == R"({"brand":"x"})");
  CHECK(again.context.account.id == "main");
  CHECK(again.context.account.tenant_id() == "acme");
  CHECK(again.context.principal == "buyer");
  CHECK(again.context.idempotency_key == "key");
  CHECK(again.context.recovering);
  REQUIRE(again.context.resumed);
  CHECK(again.context.resumed->task_id == id);
  CHECK(again.context.resumed->resume == "one");
  CHECK(again.context.resumed->attempt == 0);

  host.end(process::submission("two", 20s));
  CHECK(host.find(id)->now == submitted_task::state::submitted);
  host.advance(20s);
  REQUIRE(host.running.size() == 1);
  CHECK(host.running[0].request.context.resumed->resume == "two");
  CHECK(host.running[0].request.context.resumed->attempt == 1);
  host.end(reply{R"({"media_buy_id":"7"})"});
  const auto over = host.find(id);
  CHECK(over->now == submitted_task::state::completed);
  CHECK(over->outcome == R"({"media_buy_id":"7"})");
  host.advance(24h);
  CHECK(host.running.empty());
}

TEST_CASE("answers that are some are passed on, and write nothing down") {
  machine on;
  process host(on);
  const auto good = host.call();
  host.end(reply{"{}"});
  CHECK(good->value()->body == "{}");
  const auto bad = host.call();
  host.end(unavailable());
  CHECK(bad->value().error().code == "SERVICE_UNAVAILABLE");
  const auto read = host.call("get_products");
  host.end(reply{"{}"});
  CHECK(read->has_value());
  CHECK_FALSE(std::filesystem::exists(on.disk.root() / "tasks.sqlite"));
}

TEST_CASE("what passes and what the host cannot serve is tried again, later each time; what a buyer must mend is not") {
  machine on;
  process host(on);
  const auto id = host.submit();
  host.advance(10s);
  host.end(unavailable());  // half to all of 5 s, here three quarters
  CHECK(host.find(id)->trouble == "upstream is down");
  host.advance(3749ms);
  CHECK(host.running.empty());
  host.advance(1ms);
  host.end(account_misconfigured("the key is wrong"));
  host.advance(7499ms);
  CHECK(host.running.empty());
  host.advance(1ms);
  auto patient = unavailable();
  patient.retry_after_s = 600;
  host.end(std::move(patient));
  host.advance(599s);
  CHECK(host.running.empty());
  host.advance(1s);
  auto refused = make_error("BUDGET_TOO_LOW", "Too low.", "minimum 5");
  refused.field = "packages[0].budget";
  refused.by_plugin = true;
  host.end(std::move(refused));
  const auto over = host.find(id);
  CHECK(over->now == submitted_task::state::failed);
  const auto why = boost::json::parse(over->outcome);
  CHECK(why.at("code").as_string() == "BUDGET_TOO_LOW");
  CHECK(why.at("field").as_string() == "packages[0].budget");
  CHECK(why.at("recovery").as_string() == "correctable");
  CHECK_FALSE(why.as_object().contains("operator_detail"));
  CHECK(over->attempt == 4);
}

TEST_CASE("what the plugin says and will not pass is the end, whatever the code") {
  machine on;
  process host(on);
  for (const auto* const code : {"CONFIGURATION_ERROR", "INTERNAL_ERROR", "UNSUPPORTED_FEATURE", "ACCOUNT_NOT_FOUND"}) {
    CAPTURE(code);
    const auto id = host.submit();
    host.advance(10s);
    host.end(from_plugin(code));
    const auto over = host.find(id);
    CHECK(over->now == submitted_task::state::failed);
    CHECK(boost::json::parse(over->outcome).at("code").as_string() == code);
  }
}

TEST_CASE("what does not end is called once more after a week, then given up, and forgotten after another") {
  machine on;
  process host(on);
  bool submits = false;
  SUBCASE("failing") {}
  SUBCASE("submitted again and again") { submits = true; }
  const auto id = host.submit();
  int last_ones = 0;
  for (int attempt = 0; attempt < 2000 && host.find(id)->now == submitted_task::state::submitted; ++attempt) {
    while (host.running.empty()) host.advance(1min);
    const auto resumed = host.running.front().request.context.resumed;
    CHECK(resumed->last == (on.time.wall_now() - host.find(id)->created >= 7 * 24h));
    last_ones += resumed->last ? 1 : 0;
    host.end(submits ? process::submission("again", 10min) : result<reply>(unavailable()));
  }
  CHECK(last_ones == 1);
  CHECK(host.find(id)->now == submitted_task::state::failed);
  const auto log = on.log->last_formatted();
  CHECK(std::ranges::any_of(log, [](const auto& line) { return line.find("is given up") != std::string::npos; }));
  host.submit(1s);
  host.advance(6 * 24h);
  CHECK(host.find(id).has_value());
  host.advance(25h);
  CHECK_FALSE(host.find(id).has_value());
}

TEST_CASE("a last attempt that the host could not make is made later, but not for ever") {
  machine on;
  process host(on);
  const auto id = host.submit(8 * 24h);
  host.advance(8 * 24h);
  REQUIRE(host.running.size() == 1);
  CHECK(host.running.front().request.context.resumed->last);
  host.end(account_misconfigured("no such file"));
  REQUIRE(host.find(id)->now == submitted_task::state::submitted);
  SUBCASE("then the plugin undoes it") {
    while (host.running.empty()) host.advance(1min);
    CHECK(host.running.front().request.context.resumed->last);
    host.end(from_plugin("BUDGET_TOO_LOW"));
    CHECK(host.find(id)->now == submitted_task::state::failed);
  }
  SUBCASE("for a week") {
    int attempts = 0;
    while (host.find(id)->now == submitted_task::state::submitted && attempts < 2000) {
      while (host.running.empty()) host.advance(1min);
      host.end(account_misconfigured("no such file"));
      ++attempts;
    }
    CHECK(attempts > 100);
    CHECK(on.time.wall_now() - host.find(id)->created >= 14 * 24h);
  }
}

TEST_CASE("a repeated request is answered with the task that its key has, also after a restart") {
  machine on;
  std::string id;
  {
    process host(on);
    const auto first = host.call();
    host.end(process::submission("one", 1h));
    id = process::id_of(first);
    const auto again = host.call();
    CHECK(host.running.empty());
    CHECK(process::id_of(again) == id);
    CHECK(again->value()->unfinished);
  }
  process host(on);
  CHECK(process::id_of(host.call()) == id);
  CHECK(host.running.empty());
  SUBCASE("another key, task, principal or tenant is another request") {
    host.call("create_media_buy", "other");
    host.call("update_media_buy");
    host.call_of({.principal = "somebody"}, "create_media_buy", "key");
    host.call_of({.tenant = "beta"}, "create_media_buy", "key");
    host.call("create_media_buy", "");
    host.call("create_media_buy", "");
    CHECK(host.running.size() == 6);
  }
  SUBCASE("while it is gone on with, too; and not any more when it has ended") {
    host.tasks->begin();
    host.advance(1h);
    REQUIRE(host.running.size() == 1);
    CHECK(process::id_of(host.call()) == id);
    host.end(reply{"{}"});
    const auto later = host.call();
    CHECK(host.running.size() == 1);
    CHECK_FALSE(later->has_value());
  }
}

TEST_CASE("of one key one call is under way at a time") {
  machine on;
  process host(on);
  const auto first = host.call();
  const auto second = host.call();
  REQUIRE(second->has_value());
  REQUIRE_FALSE(second->value().has_value());
  CHECK(second->value().error().code == "IDEMPOTENCY_IN_FLIGHT");
  CHECK(second->value().error().recover == recovery::transient);
  CHECK(second->value().error().retry_after_s == 1);
  CHECK(host.running.size() == 1);
  host.end(reply{R"({"media_buy_id":"7"})"});
  CHECK(first->value()->body == R"({"media_buy_id":"7"})");
  host.call();
  CHECK(host.running.size() == 1);
  host.end(unavailable());
  host.call();
  CHECK(host.running.size() == 1);
}

TEST_CASE("a submission that nobody expects is kept if the task changes something, and never an empty answer") {
  machine on;
  process host(on);
  SUBCASE("of a task that changes something") {
    const auto asked = host.call("sync_accounts");
    host.end(process::submission("one", 10s));
    const auto id = process::id_of(asked);
    host.advance(10s);
    CHECK(host.running.size() == 1);
    CHECK(host.find(id).has_value());
  }
  SUBCASE("of one that does not") {
    const auto asked = host.call("get_products");
    host.end(process::submission("one", 10s));
    REQUIRE(asked->has_value());
    REQUIRE_FALSE(asked->value().has_value());
    CHECK(asked->value().error().code == "INTERNAL_ERROR");
    CHECK(asked->value().error().operator_detail.find("wait") != std::string::npos);
  }
}

TEST_CASE("a tenant's tasks that do not end keep neither the others' waiting, nor new ones coming") {
  machine on;
  process host(on);
  std::vector<std::string> slow;
  for (int count = 0; count < 8; ++count) slow.push_back(host.submit(1s));
  host.advance(1s);
  CHECK(host.running.size() == 2);
  const auto refused = host.call("create_media_buy", "one too many");
  REQUIRE(refused->has_value());
  REQUIRE_FALSE(refused->value().has_value());
  CHECK(refused->value().error().code == "SERVICE_UNAVAILABLE");
  CHECK(refused->value().error().retry_after_s == 60);
  CHECK(host.running.size() == 2);
  const auto before = host.running.size();
  const auto asked = host.call_of({.tenant = "beta"}, "create_media_buy", "of beta");
  REQUIRE(host.running.size() == before + 1);
  auto ending = std::move(host.running.back());
  host.running.pop_back();
  ending.done(process::submission("beta's", 1s));
  host.run();
  host.advance(1s);
  REQUIRE(host.running.size() == before + 1);
  CHECK(host.running.back().request.context.account.tenant_id() == "beta");
}

TEST_CASE("the next process goes on with what the one before it left, and no other tenant sees it") {
  machine on;
  std::string id;
  {
    process host(on);
    id = host.submit(1h);
    host.tasks->stop();
    host.advance(2h);
    CHECK(host.running.empty());
  }
  process host(on);
  host.tasks->begin();
  host.advance(0s);
  REQUIRE(host.running.size() == 1);
  CHECK(host.running[0].request.context.resumed->task_id == id);
  host.end(reply{"{}"});
  CHECK(host.find(id)->now == submitted_task::state::completed);
  CHECK_FALSE(host.find(id, "beta").has_value());
}

TEST_CASE("no task is under way twice, and no more at once than allowed") {
  machine on;
  process host(on, 2);
  std::vector<std::string> ids;
  for (int count = 0; count < 5; ++count) ids.push_back(host.submit(1s, "tenant " + std::to_string(count % 3)));
  host.advance(1s);
  CHECK(host.running.size() == 2);
  host.advance(10min);  // they are looked at every minute, and are still under way
  CHECK(host.running.size() == 2);
  std::vector<std::string> seen;
  while (!host.running.empty()) {
    seen.push_back(host.running.front().request.context.resumed->task_id);
    host.end(reply{"{}"});
  }
  std::ranges::sort(seen);
  std::ranges::sort(ids);
  CHECK(seen == ids);
}

TEST_CASE("what cannot be written down is not promised") {
  machine on;
  std::filesystem::create_directories(on.disk.root());
  std::filesystem::permissions(on.disk.root(), std::filesystem::perms(0755));  // open to others
  process host(on);
  const auto asked = host.call();
  host.end(process::submission("one", 10s));
  REQUIRE(asked->has_value());
  REQUIRE_FALSE(asked->value().has_value());
  CHECK(asked->value().error().code == "SERVICE_UNAVAILABLE");
  CHECK(asked->value().error().retry_after_s == 30);
  CHECK(on.log->last_formatted().back().find("could not be written down") != std::string::npos);
}
