#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace tenon::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t number_digits = 6;
constexpr std::uint32_t first_number = 100'000;
constexpr std::uint32_t last_number = 999'999;
constexpr std::size_t read_size = 16u << 10;
constexpr std::chrono::seconds answer_limit{30};

[[noreturn]] void give_up(const std::string& expected) {
  throw std::runtime_error("expected " + expected + ", found: " + std::strerror(errno));
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "content-length:";
  const auto same = [](char left, char right) { return std::tolower(static_cast<unsigned char>(left)) == right; };
  const auto found = std::search(head.begin(), head.end(), name.begin(), name.end(), same);
  if (found == head.end()) return std::string::npos;
  auto digits = head.substr(static_cast<std::size_t>(found - head.begin()) + name.size());
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  std::size_t length = std::string::npos;
  std::from_chars(digits.data(), digits.data() + digits.size(), length);
  return length;
}

/// What epoll has to be told and asked.
class readiness {
 public:
  readiness() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0) give_up("an epoll descriptor");
  }
  readiness(const readiness&) = delete;
  readiness& operator=(const readiness&) = delete;
  ~readiness() { ::close(fd_); }

  void add(const client_connection& connection, std::uint32_t number) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = number;
    if (::epoll_ctl(fd_, EPOLL_CTL_ADD, connection.descriptor(), &event) != 0) give_up("to watch a connection");
  }

  std::size_t wait(std::array<epoll_event, 64>& events, int limit_ms) const {
    const int count = ::epoll_wait(fd_, events.data(), static_cast<int>(events.size()), limit_ms);
    if (count < 0 && errno != EINTR) give_up("to wait for connections");
    return static_cast<std::size_t>(std::max(count, 0));
  }

 private:
  int fd_;
};

double at_percent(std::vector<std::uint32_t>& nanoseconds, double percent) {
  const auto rank = static_cast<std::size_t>(static_cast<double>(nanoseconds.size() - 1) * percent / 100);
  const auto place = nanoseconds.begin() + static_cast<std::ptrdiff_t>(rank);
  std::ranges::nth_element(nanoseconds, place);
  return *place / 1e3;
}

}  // namespace

client_connection::client_connection(std::uint16_t port, unsigned source, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) give_up("another descriptor; raise the limit of open files (ulimit -n)");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // The port is chosen at connect(), when the kernel knows that the pair of addresses is to be unique and not the port.
  ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
  sockaddr_in to = from;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  const bool connected = ::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
                         ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  if (connected) return;
  const int why = errno;
  ::close(fd_);
  errno = why;
  give_up("to connect to 127.0.0.1:" + std::to_string(port));
}

client_connection::client_connection(client_connection&& from) noexcept
    : fd_(std::exchange(from.fd_, -1)),
      number_(from.number_),
      request_(std::move(from.request_)),
      received_(std::move(from.received_)),
      head_size_(from.head_size_),
      expected_(from.expected_),
      asked_at_(from.asked_at_) {}

client_connection::~client_connection() {
  if (fd_ >= 0) ::close(fd_);
}

std::size_t client_connection::send_some(std::string_view bytes) const {
  const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno != EAGAIN && errno != EWOULDBLOCK) give_up("to send a request");
  return 0;
}

std::optional<std::size_t> client_connection::skip(std::size_t most) const {
  std::array<char, 4096> space;
  const auto got = ::recv(fd_, space.data(), std::min(most, space.size()), MSG_DONTWAIT);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
  return std::nullopt;
}

void client_connection::ask(const exchange& what) {
  if (request_.empty()) request_ = what.request;
  number_ = number_ == last_number ? first_number : number_ + 1;
  if (what.number_at != std::string::npos) {
    std::to_chars(request_.data() + what.number_at, request_.data() + what.number_at + number_digits, number_);
  }
  received_.clear();
  head_size_ = 0;
  expected_ = 0;
  asked_at_ = clock::now();
  if (send_some(request_) != request_.size()) give_up("room to send a whole request");
}

bool client_connection::receive(const exchange& what) {
  std::array<char, read_size> space;
  const auto got = ::recv(fd_, space.data(), space.size(), MSG_DONTWAIT);
  if (got == 0) throw std::runtime_error("expected an answer, found that the server closed the connection");
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
  if (got < 0) give_up("an answer");
  received_.append(space.data(), static_cast<std::size_t>(got));
  if (head_size_ == 0) {
    const auto end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    head_size_ = end + 4;
    const auto length = content_length(std::string_view(received_).substr(0, head_size_));
    if (length == std::string::npos) throw std::runtime_error("expected a content-length, found " + received_);
    expected_ = head_size_ + length;
  }
  if (received_.size() < expected_) return false;
  check(what);
  return true;
}

void client_connection::check(const exchange& what) const {
  bool right = received_.starts_with("HTTP/1.1 200 ") && received_.size() == expected_ &&
               (what.body_size == 0 || body().size() == what.body_size);
  if (what.number_at != std::string::npos) {
    const auto number = std::string_view(request_).substr(what.number_at, number_digits);
    right = right && body().find(number) != std::string_view::npos;
  }
  if (!right) throw std::runtime_error("expected the answer to this request, found " + received_.substr(0, 2000));
}

bool client_connection::rests() const {
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void ask_each(std::vector<client_connection>& connections, const exchange& what) {
  for (auto& each : connections) {
    each.ask(what);
    const readiness ready;
    ready.add(each, 0);
    std::array<epoll_event, 64> events;
    const auto end = clock::now() + answer_limit;
    while (true) {
      if (ready.wait(events, 1000) != 0 && each.receive(what)) break;
      if (clock::now() > end) throw std::runtime_error("expected an answer within 30 s, found none");
    }
  }
}

load_result run_load(const exchange& what, unsigned connections, std::chrono::milliseconds time,
                     const std::function<void()>& aside, std::chrono::milliseconds pause) {
  const readiness ready;
  std::vector<client_connection> all;
  all.reserve(connections);
  for (unsigned number = 0; number < connections; ++number) {
    ready.add(all.emplace_back(what.port, 0), number);
  }
  std::vector<std::uint32_t> latencies;
  latencies.reserve(1u << 20);
  for (auto& each : all) each.ask(what);
  const auto begin = clock::now();
  const auto end = begin + time;
  auto last_answer = begin;
  auto next_aside = begin;
  std::array<epoll_event, 64> events;
  for (auto now = begin; now < end; now = clock::now()) {
    if (aside && now >= next_aside) {
      aside();
      next_aside += pause;
    }
    const auto count = ready.wait(events, 10);
    if (count == 0 && clock::now() - last_answer > answer_limit)
      throw std::runtime_error("expected answers, found none");
    for (std::size_t at = 0; at < count; ++at) {
      auto& from = all[events[at].data.u32];
      if (!from.receive(what)) continue;
      last_answer = clock::now();
      const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(last_answer - from.asked_at()).count();
      latencies.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(took, UINT32_MAX)));
      from.ask(what);
    }
  }
  if (latencies.empty()) throw std::runtime_error("expected answers, found none");
  const auto seconds = std::chrono::duration<double>(last_answer - begin).count();
  return {.requests_per_second = static_cast<double>(latencies.size()) / seconds,
          .p50_us = at_percent(latencies, 50),
          .p99_us = at_percent(latencies, 99)};
}

}  // namespace tenon::bench
