#include "slow_clients.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tenon::bench {
namespace {

constexpr int small_receive_buffer = 16'384;
constexpr std::size_t read_at_once = 2048;
constexpr int calm_steps = 10;
constexpr int most_steps = 200;

}  // namespace

slow_clients::slow_clients(std::uint16_t port, std::string writes, unsigned writers, std::string reads,
                           unsigned readers)
    : port_(port), writes_(std::move(writes)), reads_(std::move(reads)) {
  writers_.reserve(writers);
  for (unsigned count = 0; count < writers; ++count) writers_.push_back({client_connection(port_, 0)});
  readers_.reserve(readers);
  for (unsigned count = 0; count < readers; ++count) {
    readers_.push_back({client_connection(port_, 0, small_receive_buffer)});
  }
}

void slow_clients::settle(std::chrono::milliseconds pause) {
  const auto sent = [this] {
    return std::accumulate(readers_.begin(), readers_.end(), std::size_t{0},
                           [](std::size_t sum, const client& each) { return sum + each.sent_ever; });
  };
  int calm = 0;
  for (int steps = 0; calm < calm_steps; ++steps) {
    if (steps == most_steps) throw std::runtime_error("expected slow readers to stall their connections, they did not");
    const auto before = sent();
    step();
    std::this_thread::sleep_for(pause);
    calm = sent() == before ? calm + 1 : 0;
  }
}

void slow_clients::step() {
  for (auto& each : writers_) step(each, writes_, 1);
  for (auto& each : readers_) step(each, reads_, reads_.size());
}

void slow_clients::step(client& of, std::string_view request, std::size_t most) {
  const auto sent = of.connection.send_some(request.substr(of.sent, most));
  of.sent_ever += sent;
  of.sent += sent;
  if (of.sent == request.size()) of.sent = 0;
  const auto got = of.connection.skip(read_at_once);
  if (!got) throw std::runtime_error("expected the server to bear slow clients, found that it has cut one off");
  of.received += *got;
}

std::size_t slow_clients::readers_served() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(readers_, [](const client& each) { return each.received > read_at_once; }));
}

}  // namespace tenon::bench
