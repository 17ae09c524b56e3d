#pragma once

#include "http_server/http_server.hpp"
#include "sandbox/upstreams.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace tenon::sandbox {

/// The upstreams on a socket: the thin shell around upstreams::handle.
///
/// Lifetime    Keeps itself alive while connections are open; the upstreams must outlive the executor's run.
/// Threads     Any.
class service : public std::enable_shared_from_this<service> {
 public:
  /// Errors: those of http::server::start.
  static result<std::shared_ptr<service>> start(boost::asio::any_io_executor executor, upstreams& served,
                                                std::uint16_t port);

  std::uint16_t port() const noexcept { return server_->port(); }

  /// "http://127.0.0.1:PORT"
  std::string base_url() const;

  /// Stops; requests that were never to be answered are given up at once.
  void stop(unique_function<void()> done);

 private:
  service(boost::asio::any_io_executor executor, upstreams& served) : executor_(std::move(executor)), served_(served) {}

  void answer(const http::request& request, http::responder respond);
  void commit_later(std::chrono::milliseconds delay, const http::request& request);
  void commit_due();
  void answer_later(outcome made, http::responder respond);
  void keep_waiting(http::responder respond);

  boost::asio::any_io_executor executor_;
  upstreams& served_;
  std::shared_ptr<http::server> server_;
  std::mutex mutex_;
  std::vector<http::responder> unanswered_;
  std::multimap<std::chrono::steady_clock::time_point, http::request> late_;  ///< by when they take effect
};

}  // namespace tenon::sandbox
