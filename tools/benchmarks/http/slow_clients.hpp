#pragma once

#include "client.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::bench {

/// Clients that a server has to bear: some send a request byte by byte, some ask for a large answer and read little of
/// it at a time. In the seconds that a measurement takes no timeout of the server ends them.
class slow_clients {
 public:
  /// `writes` is a request that takes long to arrive, `reads` one whose answer is large. Both are to be of valid
  /// callers. Errors (std::runtime_error, here and in step()): the server does not take a connection, or ends one.
  slow_clients(std::uint16_t port, std::string writes, unsigned writers, std::string reads, unsigned readers);

  /// Steps until the readers' connections are full in both directions, so that the server waits for them: what it takes
  /// to make their answers is not what slow clients cost.
  void settle(std::chrono::milliseconds pause);

  /// One byte of each writer, and a few KiB to each reader.
  void step();

  /// How many readers take in an answer.
  std::size_t readers_served() const;

 private:
  struct client {
    client_connection connection;
    std::size_t sent = 0;  ///< of the request that is on its way
    std::size_t sent_ever = 0;
    std::size_t received = 0;  ///< in all
  };

  static void step(client& of, std::string_view request, std::size_t most);

  std::uint16_t port_;
  std::string writes_;
  std::string reads_;
  std::vector<client> writers_;
  std::vector<client> readers_;
};

}  // namespace tenon::bench
