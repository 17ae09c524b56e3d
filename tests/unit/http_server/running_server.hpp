#pragma once

#include "http_server/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <memory>
#include <thread>

/// A server on a port of its own, gone at the end of the test.
class running_server {
 public:
  explicit running_server(tenon::http::request_handler handler, tenon::http::server_options options = {},
                          tenon::http::head_handler heads = {}, std::size_t threads = 2)
      : threads_(threads),
        server_(tenon::http::server::start(threads_.get_executor(), std::move(options), std::move(handler),
                                           std::move(heads))
                    .value()) {}

  ~running_server() { stop(std::chrono::milliseconds(0)).wait(); }

  std::uint16_t port() const { return server_->port(); }

  std::future<void> stop(std::chrono::milliseconds grace) {
    auto stopped = std::make_shared<std::promise<void>>();
    auto waits = stopped->get_future();
    server_->stop(grace, [stopped] { stopped->set_value(); });
    return waits;
  }

  tenon::http::server& server() { return *server_; }

 private:
  boost::asio::thread_pool threads_;
  std::shared_ptr<tenon::http::server> server_;
};

/// Answers with what it was asked: method, path, query and body, a line each.
inline void echo(tenon::http::request asked, tenon::http::responder answer) {
  tenon::http::response made;
  made.headers.emplace_back("content-type", "text/plain");
  made.body = asked.method + '\n' + asked.path + '\n' + asked.query + '\n' + asked.body;
  answer(std::move(made));
}
