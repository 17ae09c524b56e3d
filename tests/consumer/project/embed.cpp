#include <tenon/host.hpp>

#include <boost/asio/io_context.hpp>
#include <iostream>

int main(int, char** argv) {
  boost::asio::io_context context;
  auto host = tenon::host::create(context.get_executor(), {.config = argv[1]});
  if (!host) return std::cerr << host.error() << '\n', 1;

  tenon::call_request request{.task = "get_products", .body = R"({"brief": "anything"})", .context = {}};
  (*host)->async_call({.tenant = argv[2]}, std::move(request), [&](tenon::result<tenon::reply> answer) {
    if (answer) std::cout << answer->body << '\n';
    else std::cout << answer.error() << '\n';
    (*host)->async_shutdown([&](auto) { context.stop(); });  // drains, destroys, unloads, proves
  });
  context.run();
}
