#pragma once

#include "platform/http_client.hpp"

#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

/// A client on two threads of its own.
class client_fixture {
 public:
  explicit client_fixture(tenon::http_client_options options = {})
      : client_(tenon::make_http_client(threads_.get_executor(), std::move(options)).value()) {}

  ~client_fixture() {
    client_.reset();
    threads_.join();
  }

  std::future<tenon::http_result> start(tenon::http_exchange_request request, std::stop_token stop = {}) {
    auto ended = std::make_shared<std::promise<tenon::http_result>>();
    auto waits = ended->get_future();
    client_->start(std::move(request), std::move(stop),
                   [ended](tenon::http_result result) { ended->set_value(std::move(result)); });
    return waits;
  }

  tenon::http_result fetch(tenon::http_exchange_request request) { return wait(start(std::move(request))); }

  static tenon::http_result wait(std::future<tenon::http_result> waits) {
    if (waits.wait_for(std::chrono::seconds(60)) != std::future_status::ready)
      throw std::runtime_error("an exchange did not end");
    return waits.get();
  }

  void destroy() { client_.reset(); }
  tenon::http_client& client() { return *client_; }
  boost::asio::any_io_executor executor() { return threads_.get_executor(); }

 private:
  boost::asio::thread_pool threads_{2};
  std::shared_ptr<tenon::http_client> client_;
};

inline tenon::http_exchange_request request_to(std::string method, std::string url, std::string body = {}) {
  tenon::http_exchange_request made;
  made.method = std::move(method);
  made.url = std::move(url);
  made.body = std::move(body);
  return made;
}
