#pragma once

#include "platform/http_client/pool.hpp"

#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <exception>
#include <stop_token>

namespace tenon::outbound {

/// One request and its answer: waits for a place at the origin, takes or opens a connection, sends, receives.
///
/// Lifetime    Keeps itself alive until `done` was called.
/// Threads     `start` once, on any; the rest runs on a strand of its own.
/// Errors      Every end passes through fail(), where an earlier abort (deadline, cancellation) takes precedence over
///             its consequences.
class exchange : public std::enable_shared_from_this<exchange> {
 public:
  exchange(boost::asio::any_io_executor executor, std::shared_ptr<connection_pool> pool,
           std::shared_ptr<boost::asio::ssl::context> tls, http_address_filter may_connect,
           http_exchange_request request, http_handler done);

  /// Either token cancels.
  void start(std::stop_token caller, std::stop_token client);

 private:
  using kind = http_failure::kind;
  using parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  struct canceller {
    std::weak_ptr<exchange> what;
    void operator()() const noexcept;
  };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> await_permit();
  boost::asio::awaitable<bool> open();
  boost::asio::awaitable<bool> locate();
  boost::asio::awaitable<bool> send();
  boost::asio::awaitable<bool> receive();
  boost::asio::awaitable<bool> receive_message(parser* into);

  bool prepare();
  void enter();
  void look_up();
  bool drop_forbidden();
  bool take_kept();
  bool may_repeat(bool reused) const;
  bool fail(kind what, std::string found);
  bool fail_parse(const boost::system::error_code& failed);
  void accept(parser& from);
  void abort(kind why);
  void limit_time();
  void finish(std::exception_ptr thrown);

  boost::asio::any_io_executor executor_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer wake_;  ///< never expires; cancelled when what a step waits for has come, or never will
  std::shared_ptr<connection_pool> pool_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  http_address_filter may_connect_;
  http_exchange_request request_;
  http_handler done_;
  std::chrono::steady_clock::time_point until_;
  std::optional<std::stop_callback<canceller>> by_caller_;
  std::optional<std::stop_callback<canceller>> by_client_;

  target to_;
  std::string text_;  ///< the request's bytes
  std::unique_ptr<permit> permit_;
  std::unique_ptr<connection> connection_;
  std::weak_ptr<boost::asio::ip::tcp::resolver> resolver_;  ///< while it looks for the host
  std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
  boost::beast::flat_buffer buffer_;
  std::string_view doing_;  ///< for messages
  std::optional<kind> aborted_;
  std::optional<http_failure> failure_;
  http_exchange_response response_;
  bool entered_ = false;
  bool located_ = false;
  bool sent_ = false;      ///< a byte of the request may have left, on this connection or an earlier one
  bool answered_ = false;  ///< a byte of an answer came
};

}  // namespace tenon::outbound
