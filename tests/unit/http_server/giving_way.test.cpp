// Goal: who is slow to ask or to read keeps nobody out of a server that is full, and nobody else is closed for that.
// Method: raw bytes; what has to pass before one gives way is no time at all, or an hour.
#include "http_server/connection.hpp"
#include "raw_client.hpp"
#include "running_server.hpp"

#include <doctest/doctest.h>

#include <dlfcn.h>
#include <sys/socket.h>
#include <atomic>
#include <cerrno>
#include <future>
#include <vector>

using namespace std::literals;
using tenon::http::connection;
using tenon::http::request;
using tenon::http::responder;
using tenon::http::response;
using tenon::http::server_options;

namespace {

const auto whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"s;
const auto half = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"s;
constexpr std::size_t large = 64u << 20;  // more than the kernel holds for a connection

/// Nothing but a client that waits closes a connection.
server_options patient(std::uint32_t connections) {
  server_options made;
  made.max_connections = connections;
  made.give_way_after = 0ms;
  made.slow_reader_after = 1h;
  made.idle_timeout = made.read_timeout = 1h;
  return made;
}

void answer_largely(request, responder answer) {
  response made;
  made.body.assign(large, 'x');
  answer(std::move(made));
}

/// Echoes, but answers /large largely.
void answer_either(request asked, responder answer) {
  if (asked.path == "/large") return answer_largely(std::move(asked), std::move(answer));
  echo(std::move(asked), std::move(answer));
}

/// Of a client that was served before another one came it knows that it waits: with a second thread that could be
/// held up between sending and waiting.
struct single_threaded : running_server {
  single_threaded(tenon::http::request_handler handler, server_options options)
      : running_server(std::move(handler), std::move(options), {}, 1) {}
};

/// A client whose request has begun to arrive.
void dribble(raw_client& client) {
  client.send(half);
  CHECK(client.read_head().starts_with("HTTP/1.1 100 "));
}

bool is_served(raw_client& client) {
  const bool found = client.send(whole).read_head().starts_with("HTTP/1.1 200 ");
  return client.read(7) == "GET\n/\n\n" && found;
}

/// How many more connections the system accepts; below 0: all. Then it fails like that.
std::atomic<int> accepts_left = -1;
std::atomic<int> accepts_fail = EMFILE;

/// One connection, and its client, moved on by hand.
struct lone_connection {
  explicit lone_connection(tenon::http::request_handler handler) {
    boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
    client.connect(acceptor.local_endpoint().port());
    auto options = std::make_shared<const server_options>(patient(1));
    auto handlers =
        std::make_shared<const tenon::http::request_handlers>(tenon::http::request_handlers{std::move(handler), {}});
    served = std::make_shared<connection>(acceptor.accept(), nullptr, std::move(options), std::move(handlers));
    served->run([this] { has_ended = true; });
  }
  lone_connection(const lone_connection&) = delete;
  lone_connection& operator=(const lone_connection&) = delete;
  ~lone_connection() {
    served->close();
    while (!has_ended) context.run_one();
    context.poll();
  }

  /// Until it waits for that; what it waits for then.
  connection::waiting until(connection::awaited what) {
    for (auto waits = served->waits();; waits = served->waits()) {
      if (waits && waits->what == what) return *waits;
      REQUIRE_FALSE(has_ended);
      context.run_one();
    }
  }

  /// Whether that has closed it.
  bool gives_way(connection::waiting chosen) {
    served->give_way(chosen);
    context.poll();
    return has_ended;
  }

  boost::asio::io_context context;
  raw_client client;
  std::shared_ptr<connection> served;
  bool has_ended = false;
};

}  // namespace

/// Stands before the system's. A process that really is out of descriptors cannot be had here: the sanitizers open
/// some for their checks, and take a failure for an error of the program.
extern "C" int accept(int on, sockaddr* peer, socklen_t* size) {
  static const auto real = reinterpret_cast<decltype(&::accept)>(::dlsym(RTLD_NEXT, "accept"));
  if (accepts_left == 0) {
    errno = accepts_fail;
    return -1;
  }
  const int accepted = real(on, peer, size);
  if (accepted >= 0 && accepts_left > 0) --accepts_left;
  return accepted;
}

TEST_CASE("beyond the connection limit who dribbles gives way before who is idle") {
  single_threaded server(echo, patient(2));
  raw_client idle(server.port());
  CHECK(is_served(idle));
  raw_client dribbling(server.port());
  dribble(dribbling);
  raw_client next(server.port());
  CHECK(is_served(next));
  CHECK(dribbling.read_rest().empty());
  CHECK(is_served(idle));
}

TEST_CASE("beyond the connection limit who is idle gives way, and never who is answered") {
  auto options = patient(2);
  options.slow_reader_after = 0ms;
  std::promise<responder> asked;
  running_server server(
      [&](request seen, responder answer) {
        if (seen.path == "/held") return asked.set_value(std::move(answer));
        echo(std::move(seen), std::move(answer));
      },
      options);
  raw_client held(server.port());
  held.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  auto answer = asked.get_future().get();
  raw_client idle(server.port());
  CHECK(is_served(idle));
  raw_client next(server.port());
  CHECK(is_served(next));
  CHECK(idle.read_rest().empty());
  answer({});
  CHECK(held.read_head().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("who has not waited long yet gives way to nobody") {
  auto options = patient(1);
  options.give_way_after = 1h;
  running_server server(echo, options);
  raw_client first(server.port());
  first.send("GET / HTTP/1.1\r\nHo");
  raw_client second(server.port());
  second.send(whole);
  first.send("st: a\r\nConnection: close\r\n\r\n");
  CHECK(first.read_rest().starts_with("HTTP/1.1 200 "));
  first.abort();
  CHECK(second.read_head().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("clients that read nothing keep nobody out, whether their answers are large or many") {
  auto options = patient(2);
  options.slow_reader_after = 0ms;
  std::string asks;
  SUBCASE("large") { asks = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"; }
  SUBCASE("many") {
    for (int each = 0; each < 2'000; ++each) asks += "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
  }
  running_server server(
      [&](request asked, responder answer) {
        if (asked.path == "/large") return answer_largely(std::move(asked), std::move(answer));
        if (asked.method == "GET") return echo(std::move(asked), std::move(answer));
        response made;
        made.body.assign(16u << 10, 'x');
        answer(std::move(made));
      },
      options);
  std::vector<std::unique_ptr<raw_client>> strangers;
  for (int each = 0; each < 6; ++each) {
    strangers.push_back(std::make_unique<raw_client>());
    strangers.back()->connect(server.port(), 2048).send(asks);
  }
  raw_client next(server.port());
  CHECK(is_served(next));
}

TEST_CASE("who dribbles gives way first, then who is idle, then who reads slowly, however long it has been") {
  using enum connection::awaited;
  using waiting = connection::waiting;
  const auto now = std::chrono::steady_clock::now();
  CHECK(waiting{rest_of_request, now} < waiting{next_request, now - 1h});
  CHECK(waiting{next_request, now} < waiting{answer_taken, now - 1h});
  CHECK(waiting{answer_taken, now - 1h} < waiting{answer_taken, now});
}

TEST_CASE("beyond the connection limit who reads slowly gives way after who dribbles") {
  auto options = patient(2);
  options.slow_reader_after = 0ms;
  single_threaded server(answer_either, options);
  raw_client slow(server.port());
  CHECK(slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
  raw_client dribbling(server.port());
  dribble(dribbling);
  raw_client next(server.port());
  CHECK(is_served(next));
  CHECK(dribbling.read_rest().empty());
  CHECK(slow.read(large).size() == large);
}

TEST_CASE("who reads slowly, but not for long yet, gives way to nobody") {
  running_server server(answer_either, patient(1));
  raw_client slow(server.port());
  slow.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(slow.read_head().starts_with("HTTP/1.1 200 "));
  raw_client next(server.port());
  next.send(whole);
  CHECK(slow.read_rest().size() == large);
  slow.abort();
  CHECK(next.read_head().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("who reads slowly is left alone while there is room") {
  constexpr int others = 20;  // any of whom the server may not yet have seen go
  auto options = patient(1 + others);
  options.slow_reader_after = 0ms;
  running_server server(answer_either, options);
  raw_client slow(server.port());
  CHECK(slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
  for (int each = 0; each < others; ++each) {
    raw_client other(server.port());
    CHECK(is_served(other));
  }
  CHECK(slow.read(large).size() == large);
}

TEST_CASE("when descriptors run out, of the process or of the system, who dribbles gives way") {
  SUBCASE("process") { accepts_fail = EMFILE; }
  SUBCASE("system") { accepts_fail = ENFILE; }
  running_server server(echo, patient(1000));
  raw_client idle(server.port());
  CHECK(is_served(idle));
  raw_client dribbling(server.port());
  dribble(dribbling);
  accepts_left = 0;
  raw_client next(server.port());
  raw_client another(server.port());
  CHECK(dribbling.read_rest().empty());
  accepts_left = -1;
  CHECK(is_served(next));
  CHECK(is_served(another));
}

TEST_CASE("when descriptors run out and nobody waits for one, nobody gives way") {
  running_server server(echo, patient(1000));
  raw_client dribbling(server.port());
  dribble(dribbling);
  accepts_fail = EMFILE;
  accepts_left = 1;
  raw_client next(server.port());
  for (int each = 0; each < 200; ++each) CHECK(is_served(next));
  CHECK(dribbling.send("abcde").read_head().starts_with("HTTP/1.1 200 "));
  accepts_left = -1;
}

TEST_CASE("a connection gives way only while it waits for what it was chosen for") {
  lone_connection lone(echo);
  const auto unasked = lone.until(connection::awaited::next_request);
  lone.client.send(half);
  const auto upload = lone.until(connection::awaited::rest_of_request);
  lone.client.send("abcde");
  const auto idle = lone.until(connection::awaited::next_request);
  CHECK_FALSE(lone.gives_way(upload));
  CHECK_FALSE(lone.gives_way(unasked));
  lone.client.send(half);
  const auto another = lone.until(connection::awaited::rest_of_request);
  CHECK_FALSE(lone.gives_way(upload));
  CHECK_FALSE(lone.gives_way(idle));
  CHECK(lone.gives_way(another));
}

TEST_CASE("a connection whose client has read on since it was chosen is not closed") {
  lone_connection lone(answer_largely);
  lone.client.send(whole);
  lone.until(connection::awaited::answer_taken);
  lone.context.poll();  // the kernel takes no more
  const auto chosen = lone.served->waits();
  REQUIRE(chosen);
  CHECK(chosen->what == connection::awaited::answer_taken);
  auto reads = std::async(std::launch::async, [&] { return lone.client.read(large / 2).size(); });
  while (lone.served->waits() == chosen) lone.context.run_one();
  CHECK_FALSE(lone.gives_way(*chosen));
  while (reads.wait_for(0s) != std::future_status::ready) lone.context.poll_one();
  CHECK(reads.get() == large / 2);
  lone.context.poll();
  CHECK(lone.gives_way(*lone.served->waits()));
}
