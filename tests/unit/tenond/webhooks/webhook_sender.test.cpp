// Goal: due events are sent, in turn and bounded, and again with the same bytes until they are delivered or given up;
// a stop loses nothing. Method: a client without a network, time that is turned by hand.
#include "webhooks/webhook_sender.hpp"

#include "fake_http_client.hpp"
#include "manual_scheduler.hpp"
#include "outbox_world.hpp"

#include <algorithm>
#include <set>

using namespace tenon;
using namespace tenon::tenond;
using namespace tenon::testing;
using namespace std::literals;

namespace {

http_result status(unsigned code) { return http_exchange_response{.status = code, .headers = {}, .body = {}}; }

/// Random is always the same, so that the pauses are known: 1 s, 2 s, 4 s, ... times it.
class sender_world {
 public:
  explicit sender_world(sending_rules rules = {}, double random = 0.5) : rules_(rules), random_(random) { make(); }

  ~sender_world() { stop(); }

  void make() {
    sender_ = webhook_sender::make(
        world.outbox(), {.outside = outside, .loopback_too = loopback}, scheduler, world.time(),
        [this](const std::string& trouble) { reports.push_back(trouble); }, rules_, [this] { return random_; });
    sender_->start();
    scheduler.run();
  }
  void wake() {
    sender_->wake();
    scheduler.run();
  }
  void answer(std::size_t index, http_result outcome) {
    outside->finish(index, std::move(outcome));
    scheduler.run();
  }
  void add(const std::string& name, const std::string& host = "a.example", const std::string& principal = "buyer") {
    REQUIRE(world.add(name, host, principal).has_value());
    wake();
  }
  /// What was asked of the client, in order.
  std::vector<std::string> hosts() const {
    std::vector<std::string> all;
    for (int index = 0; outside->received(0) && index < asked(); ++index) {
      auto url = outside->request(static_cast<std::size_t>(index)).url.substr(8);
      all.push_back(url.substr(0, url.find('/')));
    }
    return all;
  }
  int asked() const {
    int count = 0;
    try {
      for (;; ++count) static_cast<void>(outside->request(static_cast<std::size_t>(count)));
    } catch (const std::out_of_range&) {
      return count;
    }
  }
  /// As at the end of the process, but that tries which are open end.
  void stop(std::chrono::milliseconds grace = 0ms) {
    if (!sender_) return;
    bool stopped = false;
    sender_->stop(grace, [&stopped] { stopped = true; });
    scheduler.run();
    scheduler.advance(grace);
    outside->settle();
    scheduler.run();
    CHECK(stopped);
    sender_.reset();
  }
  webhook_sender& sender() { return *sender_; }

  outbox_world world;
  manual_scheduler scheduler{world.time()};
  std::shared_ptr<fake_http_client> outside = std::make_shared<fake_http_client>();
  std::shared_ptr<fake_http_client> loopback = std::make_shared<fake_http_client>();
  std::vector<std::string> reports;

 private:
  const sending_rules rules_;
  const double random_;
  std::shared_ptr<webhook_sender> sender_;
};

std::string header(const http_exchange_request& of, std::string_view name) {
  for (const auto& [each, value] : of.headers) {
    if (each == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("an event is posted as JSON and erased when it was delivered") {
  sender_world world;
  world.add("k");
  REQUIRE(world.outside->open() == 1);
  const auto sent = world.outside->request(0);
  CHECK(sent.method == "POST");
  CHECK(sent.url == "https://a.example/hook");
  CHECK(sent.timeout == 10s);
  CHECK(header(sent, "Content-Type") == "application/json");
  CHECK(header(sent, "Authorization") == "Bearer credentials-of-thirty-two-letters");
  world.answer(0, status(204));
  CHECK(world.world.due().empty());
  CHECK(world.outside->open() == 0);
  CHECK(world.reports.empty());
}

TEST_CASE("what is refused for a while is sent again with the same key and the same bytes") {
  sender_world world;
  world.add("k");
  const auto first = world.outside->request(0);
  auto pause = 500ms;
  for (std::size_t tried = 0; tried < 4; ++tried, pause *= 2) {
    world.answer(tried, status(503));
    world.scheduler.advance(pause - 1ms);
    REQUIRE(world.asked() == static_cast<int>(tried) + 1);
    world.scheduler.advance(1ms);
    REQUIRE(world.asked() == static_cast<int>(tried) + 2);
    CHECK(world.outside->request(tried + 1).body == first.body);
  }
  CHECK(member(first.body, "idempotency_key").size() >= 16);
  world.answer(4, status(200));
  world.scheduler.advance(24h);
  CHECK(world.asked() == 5);
}

TEST_CASE("the signature is of the time of each try, and of the same body") {
  sending_rules rules;
  rules.retry.base = 10s;
  sender_world world(rules);
  auto target = outbox_world::target();
  target.scheme = webhook_scheme::hmac_sha256;
  REQUIRE(world.world.outbox()->add(target, outbox_world::subject("k"), {.status = "completed"}).has_value());
  world.wake();
  world.answer(0, status(500));
  world.scheduler.advance(10s);
  REQUIRE(world.asked() == 2);
  const auto first = world.outside->request(0);
  const auto second = world.outside->request(1);
  CHECK(first.body == second.body);
  CHECK(header(first, "X-ADCP-Timestamp") != header(second, "X-ADCP-Timestamp"));
  CHECK(header(first, "X-ADCP-Signature") != header(second, "X-ADCP-Signature"));
  CHECK(header(second, "Authorization") == "");
}

TEST_CASE("what will not pass is given up at once, and an operator hears of it without a secret") {
  sender_world world;
  world.add("k");
  world.answer(0, status(404));
  world.scheduler.advance(1h);
  CHECK(world.asked() == 1);
  const auto failed = world.world.outbox()->failed("", 10).value();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].trouble == "expected a status of 2xx, found 404");
  REQUIRE(world.reports.size() == 1);
  CHECK(world.reports[0].find("a.example") != std::string::npos);
  for (const auto* secret : {"credentials", "token-", "/hook"})
    CHECK(world.reports[0].find(secret) == std::string::npos);
}

TEST_CASE("a redirect is final") {
  sender_world world;
  world.add("k");
  world.answer(0, http_exchange_response{.status = 307, .headers = {{"location", "https://b.example/"}}, .body = {}});
  world.scheduler.advance(1h);
  CHECK(world.asked() == 1);
  CHECK(world.world.outbox()->failed("", 10).value().size() == 1);
}

TEST_CASE("after its last try an event is given up") {
  sending_rules rules;
  rules.retry.most_tries = 3;
  sender_world world(rules);
  world.add("k");
  for (std::size_t tried = 0; tried < 3; ++tried) {
    world.answer(tried, http_failure{.what = http_failure::kind::timeout, .message = "no answer"});
    world.scheduler.advance(1min);
  }
  CHECK(world.asked() == 3);
  CHECK(world.world.outbox()->failed("", 10).value().at(0).tries == 3);
}

TEST_CASE("a restart goes on with what is open") {
  sender_world world;
  world.add("k");
  world.answer(0, status(503));
  world.stop();
  world.world.reopen();
  world.make();
  CHECK(world.asked() == 1);
  world.scheduler.advance(500ms);
  REQUIRE(world.asked() == 2);
  CHECK(world.outside->request(1).body == world.outside->request(0).body);
}

TEST_CASE("a stop cuts off what is being sent after its grace, and the next process sends it") {
  for (const auto grace : {0ms, 2'000ms}) {
    sender_world world;
    world.add("k");
    world.stop(grace);
    CHECK(world.outside->open() == 0);
    CHECK(world.world.only().tries == 0);
    world.world.reopen();
    world.make();
    REQUIRE(world.asked() == 2);
    CHECK(world.outside->request(1).body == world.outside->request(0).body);
  }
}

TEST_CASE("what ends within the grace is written down, and nothing else begins") {
  sender_world world;
  world.add("1");
  world.add("2");
  bool stopped = false;
  world.sender().stop(5s, [&] { stopped = true; });
  world.scheduler.run();
  CHECK_FALSE(stopped);
  world.answer(0, status(200));
  CHECK(stopped);
  CHECK(world.asked() == 1);
  CHECK(world.world.due().size() == 1);
  world.make();
}

TEST_CASE("one at a time goes to a host, in order") {
  sender_world world;
  for (const auto* name : {"1", "2", "3"}) {
    world.add(name);
    world.world.time().advance(1ms);
  }
  for (std::size_t each = 0; each < 3; ++each) {
    REQUIRE(world.outside->open() == 1);
    world.answer(each, status(200));
  }
  CHECK(world.asked() == 3);
  std::set<std::string> bodies;
  for (std::size_t each = 0; each < 3; ++each) bodies.insert(world.outside->request(each).body);
  CHECK(bodies.size() == 3);
}

TEST_CASE("of a principal some are sent at once, and of all some more") {
  sender_world world({.at_once = 3, .at_once_of_one = 2});
  for (const auto* host : {"a", "b", "c", "d"}) world.add(host, host + ".greedy.example"s, "greedy");
  CHECK(world.outside->open() == 2);
  for (const auto* host : {"a", "b"}) world.add(host, host + ".modest.example"s, "modest");
  CHECK(world.outside->open() == 3);
  CHECK(world.hosts() == std::vector<std::string>{"a.greedy.example", "b.greedy.example", "a.modest.example"});
  world.answer(0, status(200));
  CHECK(world.outside->open() == 3);
  // Whoever had no place is sent when there is one.
  for (std::size_t each = 1; each < 6; ++each) world.answer(each, status(200));
  CHECK(world.asked() == 6);
  CHECK(world.world.due().empty());
}

TEST_CASE("a receiver that keeps failing does not hold up others") {
  sender_world world;
  world.add("bad", "bad.example", "one");
  world.add("good", "good.example", "two");
  world.answer(0, http_failure{.what = http_failure::kind::timeout, .message = "no answer"});
  world.answer(1, status(200));
  world.add("good", "good.example", "two");
  CHECK(world.hosts().back() == "good.example");
}

TEST_CASE("each reach has its client") {
  sender_world world;
  auto target = outbox_world::target();
  target.url = "http://127.0.0.1:1/";
  target.reach = webhook_reach::loopback_too;
  REQUIRE(world.world.outbox()->add(target, outbox_world::subject("k"), {.status = "completed"}).has_value());
  world.wake();
  CHECK(world.outside->open() == 0);
  REQUIRE(world.loopback->open() == 1);
  world.loopback->finish(0, status(200));
  world.scheduler.run();
}

TEST_CASE("what the file cannot take is written later, and not sent again meanwhile") {
  sender_world world;
  world.add("k");
  // Another process that writes to the file: the trouble is one of patience.
  auto outsider = database::open(world.world.file(), "", 1);
  REQUIRE(outsider.has_value());
  REQUIRE(
      outsider->run("CREATE TRIGGER full BEFORE DELETE ON event BEGIN SELECT RAISE(FAIL, 'full'); END").has_value());
  world.answer(0, status(200));
  CHECK(world.reports.size() == 1);
  world.scheduler.advance(5s);
  CHECK(world.reports.size() == 2);
  CHECK(world.asked() == 1);
  REQUIRE(outsider->run("DROP TRIGGER full").has_value());
  world.scheduler.advance(5s);
  CHECK(world.world.due().empty());
  CHECK(world.asked() == 1);
}

TEST_CASE("what was given up is forgotten in time, though nothing is sent") {
  sender_world world;
  world.add("k");
  world.answer(0, status(404));
  world.scheduler.advance(std::chrono::days(7) + 1h);
  CHECK(world.world.outbox()->failed("", 10).value().empty());
}
