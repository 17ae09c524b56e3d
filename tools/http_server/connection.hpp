#pragma once

#include "http_server/byte_stream.hpp"
#include "http_server/message.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace tenon::http {

struct request_handlers {
  request_handler whole;
  head_handler head;  ///< may be empty
};

/// One client's connection: reads a request, has it answered, reads the next.
///
/// Lifetime    Shared by its own coroutine and by nothing that outlives the executor: a responder holds it weakly, so
///             that an answer that comes after the executor's context is gone is dropped.
/// Threads     Everything runs on the strand that the socket was accepted on; `deliver`, `drain` and `close` may be
///             called from anywhere.
class connection : public std::enable_shared_from_this<connection> {
 public:
  /// With an identity the peer speaks TLS.
  connection(boost::asio::ip::tcp::socket socket, tls_identity identity, std::shared_ptr<const server_options> options,
             std::shared_ptr<const request_handlers> handlers);

  /// Serves until either side closes, then calls `ended` on the strand.
  void run(unique_function<void()> ended);

  /// Answers the request of that number, once; what comes later is dropped.
  void deliver(std::uint64_t number, response answer);

  /// Closes an idle connection; a busy one closes after its answer.
  void drain();

  /// Closes now, whatever is going on.
  void close();

 private:
  enum class state : std::uint8_t { idle, reading, handling, writing };
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<bool> open();
  boost::asio::awaitable<bool> await_first_byte();
  boost::asio::awaitable<refusal> read_head(std::shared_ptr<parser> into);
  boost::asio::awaitable<refusal> read_body(std::shared_ptr<parser> into);
  boost::asio::awaitable<refusal> read_more();
  boost::asio::awaitable<bool> greet(std::shared_ptr<const parser> into);
  std::optional<response> consult(const request& head) const;
  boost::asio::awaitable<response> ask(request asked);
  boost::asio::awaitable<bool> write(std::shared_ptr<wire_response> answer);
  boost::asio::awaitable<bool> write_badly(std::shared_ptr<wire_response> answer, disruption how);
  boost::asio::awaitable<void> refuse(refusal why);
  boost::asio::awaitable<void> linger();

  void limit(std::chrono::milliseconds duration);
  void on_limit();

  byte_stream stream_;
  boost::asio::ip::tcp::socket& socket_;  ///< of the stream
  boost::asio::steady_timer limit_;
  boost::asio::steady_timer answered_;  ///< never expires; cancelled when an answer is there
  std::shared_ptr<const server_options> options_;
  std::shared_ptr<const request_handlers> handlers_;
  std::string peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<response> answer_;
  std::uint64_t number_ = 0;  ///< of the request being answered
  std::uint64_t limits_ = 0;  ///< tells the latest limit from one whose handler was already queued
  state state_ = state::idle;
  bool timed_out_ = false;
  bool draining_ = false;
};

}  // namespace tenon::http
