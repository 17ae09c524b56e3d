#pragma once

#include "http_server/byte_stream.hpp"
#include "http_server/message.hpp"
#include "http_server/minimum_rate.hpp"
#include "http_server/wake_up.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
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
/// Threads     Everything runs on the strand that the socket was accepted on; `deliver`, `drain`, `close`, `waits` and
///             `give_way` may be called from anywhere.
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

  /// What it waits for the client to do. Connections give way in this order.
  enum class awaited : std::uint8_t {
    rest_of_request,
    next_request,
    answer_taken  ///< what is written fills the kernel's buffer, because the client does not read
  };

  /// Since when, and for what. An answer has waited for as long as the client lags behind the minimum rate. What gives
  /// way first is the smaller.
  struct waiting {
    awaited what;
    std::chrono::steady_clock::time_point since;

    auto operator<=>(const waiting&) const = default;
  };

  /// Nothing while the handler has the request, and while the end of the connection is said. Only a hint: the moment
  /// may be over, and the two values may even be of two moments.
  std::optional<waiting> waits() const noexcept;

  /// Closes if it still waits for that, since that time, and has made no progress.
  void give_way(waiting chosen);

 private:
  enum class state : std::uint8_t { idle, reading, handling, writing, lingering };
  static constexpr auto never = std::numeric_limits<std::chrono::steady_clock::rep>::max();
  using time_point = std::chrono::steady_clock::time_point;
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body, head_allocator>;
  struct incoming;

  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<bool> open();
  boost::asio::awaitable<bool> await_first_byte();
  boost::asio::awaitable<refusal> read_head(std::shared_ptr<parser> into);
  boost::asio::awaitable<refusal> read_body(std::shared_ptr<parser> into);
  boost::asio::awaitable<refusal> read_more();
  boost::asio::awaitable<bool> greet(std::shared_ptr<const parser> into);
  std::optional<response> consult(request& head) const;
  boost::asio::awaitable<response> ask(request asked);
  boost::asio::awaitable<bool> write(std::shared_ptr<wire_response> answer);
  boost::asio::awaitable<bool> write_badly(std::shared_ptr<wire_response> answer, disruption how);
  boost::asio::awaitable<void> refuse(refusal why);
  boost::asio::awaitable<void> linger();

  void enter(state next) noexcept;
  void taken(std::size_t bytes) noexcept;
  void limit(std::chrono::milliseconds duration);
  void look_at(time_point when);
  void on_limit();

  byte_stream stream_;
  boost::asio::ip::tcp::socket& socket_;  ///< of the stream
  boost::asio::steady_timer limit_;
  wake_up answered_;
  std::shared_ptr<const server_options> options_;
  std::shared_ptr<const request_handlers> handlers_;
  std::string peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<response> answer_;
  std::uint64_t number_ = 0;                 ///< of the request being answered
  time_point limit_at_ = time_point::max();  ///< of what goes on; max: it has none
  time_point looks_at_ = time_point::max();  ///< when the timer expires; max: it is not set
  state state_ = state::idle;                ///< changed by enter() alone
  minimum_rate rate_;                        ///< of the client, in taking answers
  std::atomic<awaited> awaited_{awaited::next_request};
  std::atomic<std::chrono::steady_clock::rep> awaited_since_{never};  ///< or never, if it waits for nothing
  bool timed_out_ = false;
  bool draining_ = false;
};

}  // namespace tenon::http
