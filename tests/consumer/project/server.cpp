// A small server of an embedder's own: one line of TCP in ("tenant task"), one line of JSON out, on three threads. It
// serves one client of its own making, so that running it is a test.

#include <tenon/host.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

asio::awaitable<void> serve_one(tenon::host& host, tcp::socket peer) {
  std::string line;
  auto into = asio::dynamic_buffer(line, 1024);
  co_await asio::async_read_until(peer, into, '\n', asio::use_awaitable);
  const auto space = line.find(' ');
  tenon::call_target target;
  target.tenant = line.substr(0, space);
  tenon::call_request request;
  request.task = line.substr(space + 1, line.size() - space - 2);
  request.body = "{}";
  const auto answer = co_await host.async_call(std::move(target), std::move(request), asio::use_awaitable);
  const std::string out = (answer ? answer->body : answer.error().code) + '\n';
  co_await asio::async_write(peer, asio::buffer(out), asio::use_awaitable);
}

asio::awaitable<void> serve(tenon::host& host, tcp::acceptor& acceptor) {
  const auto executor = acceptor.get_executor();
  for (;;) {
    tcp::socket peer = co_await acceptor.async_accept(asio::use_awaitable);
    auto session = serve_one(host, std::move(peer));
    asio::co_spawn(executor, std::move(session), asio::detached);
  }
}

std::string ask(std::uint16_t port, const std::string& line) {
  asio::io_context context;
  tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket, asio::buffer(line));
  std::string answer;
  asio::read_until(socket, asio::dynamic_buffer(answer, 1 << 16), '\n');
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  asio::io_context context;
  auto host = tenon::host::create(context.get_executor(), {.config = argv[1]});
  if (!host) return std::cerr << host.error() << '\n', 1;
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  asio::co_spawn(context, serve(**host, acceptor), asio::detached);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&context] { context.run(); });

  const auto port = acceptor.local_endpoint().port();
  for (const auto* line : {"greeter get_products\n", "nobody get_products\n", "greeter sync_creatives\n"}) {
    std::cout << ask(port, line);
  }
  const auto left = (*host)->async_shutdown(asio::use_future).get();
  context.stop();
  return left.empty() ? 0 : 1;
}
