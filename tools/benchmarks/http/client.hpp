#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The client of bench_http: one thread over epoll, so that it costs less than what it measures.
namespace tenon::bench {

/// A request as it goes out, and how its answer is known to be right.
struct exchange {
  std::uint16_t port = 0;
  std::string request = {};
  std::size_t number_at = std::string::npos;  ///< where the request has six digits of its own; npos: nowhere
  std::size_t body_size = 0;                  ///< of every answer; 0: not known yet
};

/// One kept connection to 127.0.0.1, from 127.0.0.1 or, for more connections than one address has ports, one beside it.
///
/// Errors      std::runtime_error: it cannot be made.
class client_connection {
 public:
  client_connection(std::uint16_t port, unsigned source, int receive_buffer = 0);
  client_connection(client_connection&& from) noexcept;
  client_connection& operator=(client_connection&&) = delete;
  ~client_connection();

  int descriptor() const noexcept { return fd_; }

  /// Sends what there is room for; how much that is.
  std::size_t send_some(std::string_view bytes) const;

  /// Reads at most that much and forgets it; how much that is. Nothing: the peer has closed.
  std::optional<std::size_t> skip(std::size_t most) const;

  /// Sends one request of the exchange. Not before the answer to the one before has come.
  void ask(const exchange& what);

  /// Reads what has come. True: that completes the answer, and it is right. Throws if it is wrong or the peer closed.
  bool receive(const exchange& what);

  /// Nothing has come that was not asked for, and the peer has not closed.
  bool rests() const;

  const std::string& answer() const noexcept { return received_; }  ///< head and body
  std::string_view body() const noexcept { return std::string_view(received_).substr(head_size_); }
  std::chrono::steady_clock::time_point asked_at() const noexcept { return asked_at_; }

 private:
  void check(const exchange& what) const;

  int fd_ = -1;
  std::uint32_t number_ = 100'000;
  std::string request_;
  std::string received_;
  std::size_t head_size_ = 0;
  std::size_t expected_ = 0;  ///< of head and body, once the head is there
  std::chrono::steady_clock::time_point asked_at_;
};

/// One request on every connection, one after the other: all of them answer, or this throws.
void ask_each(std::vector<client_connection>& connections, const exchange& what);

struct load_result {
  double requests_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

/// A closed loop: every connection sends its next request when it has its answer, until the time is over. A latency is
/// from a request's send to the end of its answer; while a server stalls no request is sent, so a stall counts once for
/// each connection.
///
/// `aside` is called every `pause` on the same thread.
load_result run_load(const exchange& what, unsigned connections, std::chrono::milliseconds time,
                     const std::function<void()>& aside = {}, std::chrono::milliseconds pause = {});

}  // namespace tenon::bench
