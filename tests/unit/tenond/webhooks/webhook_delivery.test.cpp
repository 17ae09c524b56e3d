// Goal: the whole of it over a network: what arrives, and what bad receivers can do. Method: servers on loopback, some
// of them scripted; real threads, short pauses.
#include "webhooks/webhook_sender.hpp"

#include "await.hpp"
#include "base/asio_scheduler.hpp"
#include "http_server/http_server.hpp"
#include "outbox_world.hpp"
#include "scripted_server.hpp"

#include <boost/asio/thread_pool.hpp>

#include <fstream>
#include <future>
#include <mutex>

using namespace tenon;
using namespace tenon::tenond;
using namespace tenon::testing;
using namespace std::literals;

namespace {

/// A receiver that answers as it is told, and keeps what it got.
class receiver {
 public:
  using answering = std::function<http::response(int count)>;

  explicit receiver(answering answer)
      : answer_(std::move(answer)),
        server_(http::server::start(threads_.get_executor(), {}, [this](http::request got, http::responder respond) {
                  take(std::move(got), std::move(respond));
                }).value()) {}
  ~receiver() {
    server_->stop(0ms, [] {});
    server_.reset();
    threads_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hook"; }
  bool got(int count) const { return count_.reaches(count); }
  int count() const { return count_.count(); }
  http::request request(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return requests_.at(index);
  }

 private:
  void take(http::request got, http::responder respond) {
    int count = 0;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(got));
      count = static_cast<int>(requests_.size());
    }
    respond(answer_(count));
    count_.raise();
  }

  const answering answer_;
  mutable std::mutex mutex_;
  std::vector<http::request> requests_;
  tally count_;
  boost::asio::thread_pool threads_{1};
  std::shared_ptr<http::server> server_;
};

/// A sender on threads of its own, under the machine's clock.
class delivery {
 public:
  explicit delivery(std::chrono::milliseconds timeout = 10s) {
    sending_rules rules{.timeout = timeout};
    rules.retry.base = 1ms;
    rules.retry.cap = 20ms;
    outbox_ = webhook_outbox::open(at_.root() / "webhooks.sqlite", system_clock()).value();
    rules.signer = make_signer();
    sender_ = webhook_sender::make(
        outbox_, webhook_clients::make(net_.get_executor(), {}).value(), scheduler_, system_clock(),
        [this](const std::string&) { reports_.raise(); }, rules);
    sender_->start();
  }
  ~delivery() { stop(0ms); }

  void stop(std::chrono::milliseconds grace) {
    if (!sender_) return;
    std::promise<void> stopped;
    auto waits = stopped.get_future();
    sender_->stop(grace, [&stopped] { stopped.set_value(); });
    await(std::move(waits));
    sender_.reset();
    disk_.join();
    net_.join();
  }

  void add(const std::string& url, webhook_reach reach = webhook_reach::loopback_too,
           webhook_scheme scheme = webhook_scheme::hmac_sha256) {
    const webhook_target target{.url = url,
                                .host = "receiver",
                                .reach = reach,
                                .scheme = scheme,
                                .credentials = "0123456789abcdef0123456789abcdef"};
    REQUIRE(outbox_->add(target, outbox_world::subject({}), {.status = "completed", .result = "{}"}).has_value());
    sender_->wake();
  }
  bool gave_up() const { return reports_.reaches(1); }
  std::string trouble() { return outbox_->failed("", 10).value().at(0).trouble; }
  bool delivered() {
    return eventually([this] { return outbox_->next_due(wall_time{}).value() == wall_time::max(); }) &&
           outbox_->failed("", 1).value().empty();
  }
  bool is_open() { return outbox_->next_due(wall_time{}).value() != wall_time::max(); }

 private:
  std::shared_ptr<const webhook_signer> make_signer() const {
    const auto file = at_.root() / "key.pem";
    std::ofstream(file) << make_key_pair().private_pem;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    return std::make_shared<const webhook_signer>(webhook_signer::load(file).value());
  }

  const state_directory at_;
  boost::asio::thread_pool net_{1};
  boost::asio::thread_pool disk_{1};
  asio_scheduler scheduler_{disk_.get_executor()};
  tally reports_;
  std::shared_ptr<webhook_outbox> outbox_;
  std::shared_ptr<webhook_sender> sender_;
};

http::response plain(unsigned status) { return {.status = status}; }

void polite(scripted_peer& peer) {
  if (!peer.read_head().empty()) peer.write(ok);
  peer.read_rest();
}

}  // namespace

TEST_CASE("what has no authentication is signed anew at every try") {
  receiver to([](int count) { return plain(count <= 1 ? 503 : 200); });
  delivery world;
  world.add(to.url(), webhook_reach::loopback_too, webhook_scheme::none);
  REQUIRE(to.got(2));
  CHECK(world.delivered());
  const auto first = to.request(0);
  const auto second = to.request(1);
  CHECK(first.body == second.body);
  CHECK(first.header("content-digest") == content_digest(first.body));
  CHECK(first.header("content-digest") == second.header("content-digest"));
  CHECK(first.header("signature-input").starts_with("sig1=("));
  CHECK(first.header("signature").starts_with("sig1=:"));
  CHECK(first.header("signature-input") != second.header("signature-input"));
  CHECK(first.header("signature") != second.header("signature"));
  CHECK(first.header("authorization").empty());
}

TEST_CASE("three refusals later a webhook arrives, each time the same") {
  receiver to([](int count) { return plain(count <= 3 ? 503 : 200); });
  delivery world;
  world.add(to.url());
  REQUIRE(to.got(4));
  CHECK(world.delivered());
  const auto first = to.request(0);
  CHECK(first.method == "POST");
  CHECK(first.path == "/hook");
  CHECK(first.header("content-type") == "application/json");
  CHECK(first.header("x-adcp-signature").starts_with("sha256="));
  CHECK(first.header("x-adcp-signature").size() == 7 + 64);
  CHECK(first.header("signature").empty());  // one way or the other, never both
  for (std::size_t each = 1; each < 4; ++each) CHECK(to.request(each).body == first.body);
}

TEST_CASE("a redirect is not followed") {
  receiver elsewhere([](int) { return plain(200); });
  receiver to([&](int) { return http::response{.status = 307, .headers = {{"location", elsewhere.url()}}}; });
  delivery world;
  world.add(to.url());
  REQUIRE(world.gave_up());
  CHECK(to.count() == 1);
  CHECK(elsewhere.count() == 0);
}

TEST_CASE("a receiver that dies in its answer, or says what is no answer, is sent to again") {
  scripted_server to({[](scripted_peer& peer) {
                        peer.read_head();
                        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                      },
                      [](scripted_peer& peer) {
                        peer.read_head();
                        peer.write("SSH-2.0-OpenSSH\r\n");
                      },
                      [](scripted_peer& peer) { peer.close(); }, polite});
  delivery world;
  world.add(to.url());
  CHECK(world.delivered());
  CHECK(to.accepted() == 4);
}

TEST_CASE("a receiver that takes its time is cut off, and sent to again") {
  scripted_server to({[](scripted_peer& peer) { peer.read_rest(); },
                      [](scripted_peer& peer) {
                        peer.read_head();
                        peer.write("HTTP/1.1 200 OK\r\nContent-Le");
                        peer.read_rest();
                      },
                      polite});
  delivery world(2s);
  world.add(to.url());
  CHECK(world.delivered());
  CHECK(to.accepted() == 3);
}

TEST_CASE("a stop does not wait for a receiver, and keeps the event") {
  std::promise<void> arrived;
  scripted_server to({[&](scripted_peer& peer) {
    peer.read_head();
    arrived.set_value();
    peer.read_rest();
  }});
  delivery world;
  world.add(to.url());
  await(arrived.get_future());
  world.stop(10ms);
  CHECK(world.is_open());
}

TEST_CASE("a name that turns out to be loopback's is not connected to") {
  // As it would be with a name whose address changed after its URL was accepted.
  for (const auto* host : {"localhost", "127.1", "2130706433"}) {
    scripted_server to({polite});
    delivery world;
    world.add("https://"s + host + ':' + std::to_string(to.port()) + "/secret", webhook_reach::outside);
    REQUIRE(world.gave_up());
    CHECK(world.trouble().find("an address that may be connected to") != std::string::npos);
    CHECK(world.trouble().find("secret") == std::string::npos);
    CHECK(to.accepted() == 0);
  }
}

TEST_CASE("names of private networks are not connected to, for a sandbox neither") {
  for (const auto reach : {webhook_reach::outside, webhook_reach::loopback_too}) {
    for (const auto* host : {"10.1", "0xa9fea9fe", "3232235777", "172.16.1", "100.64.1", "0"}) {
      delivery world;
      world.add("https://"s + host + "/", reach);
      REQUIRE(world.gave_up());
      CHECK(world.trouble().find("an address that may be connected to") != std::string::npos);
    }
  }
}
