#include "http_server/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <memory_resource>
#include <tuple>

namespace tenon::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_size = 16u << 10;
constexpr std::chrono::milliseconds linger_time{1'000};
constexpr std::chrono::milliseconds again_after{100};

/// What a handler answers through. Its destruction without a call is an answer too.
class pending_answer {
 public:
  pending_answer(std::weak_ptr<connection> to, std::uint64_t number) : to_(std::move(to)), number_(number) {}
  pending_answer(pending_answer&&) = default;
  pending_answer& operator=(pending_answer&&) = delete;
  ~pending_answer() {
    if (auto to = to_.lock()) to->deliver(number_, plain_answer(500, "The request was given up.\n"));
  }

  void operator()(response answer) {
    if (auto to = std::exchange(to_, {}).lock()) to->deliver(number_, std::move(answer));
  }

 private:
  std::weak_ptr<connection> to_;
  std::uint64_t number_;
};

refusal refusal_of(error_code failed) {
  using beast::http::error;
  if (failed == error::body_limit) return {413, "The request's body is too large.\n"};
  if (failed == error::header_limit || failed == error::buffer_overflow)
    return {431, "The request's header is too large.\n"};
  if (failed == error::bad_version) return {505, "Expected HTTP/1.0 or HTTP/1.1.\n"};
  return {400, "Expected an HTTP/1.1 request, found something else.\n"};
}

/// The peer is gone: there is nobody to tell.
constexpr refusal silent{1, {}};

}  // namespace

/// A request as it arrives. The fields of most heads fit into its own memory.
struct connection::incoming {
  incoming() {}  // or make_shared() would clear the memory

  std::array<std::byte, 512> space;
  std::pmr::monotonic_buffer_resource memory{space.data(), space.size()};
  parser request{std::piecewise_construct, std::tuple(), std::tuple(head_allocator(&memory))};
};

connection::connection(asio::ip::tcp::socket socket, tls_identity identity,
                       std::shared_ptr<const server_options> options, std::shared_ptr<const request_handlers> handlers)
    : stream_(std::move(socket), std::move(identity), [this](std::size_t bytes) { taken(bytes); }),
      socket_(stream_.socket()),
      limit_(socket_.get_executor()),
      answered_(socket_.get_executor()),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      buffer_(options_->max_header_bytes + 2 * read_size) {
  error_code ignored;
  const auto peer = socket_.remote_endpoint(ignored);
  peer_ = peer.address().to_string();
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void connection::run(unique_function<void()> ended) {
  asio::co_spawn(socket_.get_executor(), serve(),
                 [self = shared_from_this(), ended = std::move(ended)](std::exception_ptr) mutable {
                   error_code ignored;
                   self->socket_.close(ignored);
                   self->limit_at_ = time_point::max();
                   self->limit_.cancel();
                   ended();
                 });
}

void connection::deliver(std::uint64_t number, response answer) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), number, answer = std::move(answer)]() mutable {
    if (self->number_ != number || self->state_ != state::handling || self->answer_) return;
    self->answer_ = std::move(answer);
    self->answered_.wake();
  });
}

void connection::drain() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->draining_ = true;
    error_code ignored;
    if (self->state_ == state::idle) self->socket_.cancel(ignored);
  });
}

void connection::close() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    error_code ignored;
    self->socket_.close(ignored);
    self->answered_.wake();
  });
}

std::optional<connection::waiting> connection::waits() const noexcept {
  const auto since = awaited_since_.load(std::memory_order_relaxed);
  if (since == never) return std::nullopt;
  return waiting{.what = awaited_.load(std::memory_order_relaxed), .since = time_point(time_point::duration(since))};
}

void connection::give_way(waiting chosen) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), chosen] {
    error_code ignored;
    if (self->waits() == chosen) self->socket_.close(ignored);
  });
}

asio::awaitable<void> connection::serve() {
  if (!draining_ && !co_await open()) co_return;
  for (bool keep = true; keep && !draining_ && socket_.is_open();) {
    if (!co_await await_first_byte()) co_return;
    auto arriving = std::make_shared<incoming>();
    std::shared_ptr<parser> parsed(arriving, &arriving->request);
    arriving.reset();
    auto refused = co_await read_head(parsed);
    if (refused.status != 0) {
      co_await refuse(refused);
      co_return;
    }
    const auto asked = asked_by(parsed->get());
    bool may_keep = parsed->keep_alive();
    auto request = to_request(parsed->get(), peer_);  // as it is now: trailers would join its fields
    auto early = consult(request);
    response answer;
    if (early) {
      may_keep = may_keep && parsed->is_done();
      answer = std::move(*early);
    } else {
      refused = co_await read_body(parsed);
      if (refused.status != 0) {
        co_await refuse(refused);
        co_return;
      }
      request.body = std::move(parsed->get().body());
      parsed.reset();
      answer = co_await ask(std::move(request));
    }
    if (!socket_.is_open()) co_return;
    const auto how = answer.sent;
    auto wire = std::make_shared<wire_response>(to_wire(std::move(answer), asked, may_keep && !draining_));
    keep = wire->keep;
    if (how.any()) {
      if (!co_await write_badly(wire, how)) co_return;
    } else if (!co_await write(wire)) {
      co_return;
    }
  }
  co_await linger();
}

/// Idle meanwhile: a connection that drains need not wait for who has said nothing yet.
asio::awaitable<bool> connection::open() {
  enter(state::idle);
  limit(options_->read_timeout);
  const auto failed = co_await stream_.open();
  co_return !failed;
}

asio::awaitable<bool> connection::await_first_byte() {
  enter(state::idle);
  if (buffer_.size() == 0) {
    limit(options_->idle_timeout);
    const auto refused = co_await read_more();
    if (refused.status != 0) co_return false;
  }
  enter(state::reading);
  co_return true;
}

asio::awaitable<refusal> connection::read_head(std::shared_ptr<parser> into) {
  limit(options_->read_timeout);
  into->header_limit(options_->max_header_bytes);
  into->body_limit(boost::none);  // a body is judged when the head was accepted
  while (!into->is_header_done()) {
    error_code failed;
    buffer_.consume(into->put(buffer_.cdata(), failed));
    if (failed && failed != beast::http::error::need_more) co_return refusal_of(failed);
    if (into->is_header_done()) break;
    const auto refused = co_await read_more();
    if (refused.status != 0) co_return refused;
  }
  co_return check(into->get());
}

asio::awaitable<refusal> connection::read_body(std::shared_ptr<parser> into) {
  if (into->content_length().value_or(0) > options_->max_body_bytes)
    co_return refusal_of(beast::http::error::body_limit);
  into->body_limit(options_->max_body_bytes);
  into->eager(true);
  for (bool greeted = false; !into->is_done();) {
    error_code failed;
    buffer_.consume(into->put(buffer_.cdata(), failed));
    if (failed && failed != beast::http::error::need_more) co_return refusal_of(failed);
    if (into->is_done()) break;
    if (!failed && buffer_.size() != 0) continue;
    if (!std::exchange(greeted, true) && !co_await greet(into)) co_return silent;
    const auto refused = co_await read_more();
    if (refused.status != 0) co_return refused;
  }
  co_return refusal{};
}

/// Tells a client that waits for leave to send its body that it may.
asio::awaitable<bool> connection::greet(std::shared_ptr<const parser> into) {
  const auto& head = into->get();
  if (head.version() < 11 || !beast::iequals(head[beast::http::field::expect], "100-continue")) co_return true;
  constexpr std::string_view leave = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto failed = co_await stream_.write(asio::buffer(leave));
  co_return !failed;
}

asio::awaitable<refusal> connection::read_more() {
  constexpr refusal late{408, "The request did not arrive in time.\n"};
  if (timed_out_) co_return late;
  if (buffer_.size() + read_size > buffer_.max_size()) co_return refusal_of(beast::http::error::buffer_overflow);
  const auto space = buffer_.prepare(read_size);
  const auto [failed, received] = co_await stream_.read_some(space);
  buffer_.commit(received);
  if (!failed) co_return refusal{};
  if (timed_out_) co_return late;
  co_return silent;
}

std::optional<response> connection::consult(request& head) const {
  if (!handlers_->head) return std::nullopt;
  try {
    return handlers_->head(head);
  } catch (...) {
    return plain_answer(500, "The request failed.\n");
  }
}

asio::awaitable<response> connection::ask(request asked) {
  limit_at_ = time_point::max();
  ++number_;
  answer_.reset();
  enter(state::handling);
  try {
    handlers_->whole(std::move(asked), pending_answer(weak_from_this(), number_));
  } catch (...) {
    deliver(number_, plain_answer(500, "The request failed.\n"));
  }
  while (!answer_ && socket_.is_open()) co_await answered_.async_wait(asio::use_awaitable);
  response answer;
  if (answer_) answer = std::move(*answer_);
  co_return answer;
}

asio::awaitable<bool> connection::write(std::shared_ptr<wire_response> answer) {
  enter(state::writing);
  limit(options_->read_timeout);
  const auto failed = co_await stream_.write(answer);
  co_return !failed;
}

/// False: the connection is gone.
asio::awaitable<bool> connection::write_badly(std::shared_ptr<wire_response> answer, disruption how) {
  enter(state::writing);
  const auto body_size = answer->body.size();
  auto bytes = answer->head + answer->body;
  if (how.reset == disruption::cut::before) bytes.clear();
  if (how.reset == disruption::cut::in_body) bytes.resize(bytes.size() - (body_size + 1) / 2);
  const auto piece = how.drip.count() > 0 ? bytes.size() / 8 + 1 : bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    limit(options_->read_timeout);
    const asio::const_buffer part(bytes.data() + at, std::min(piece, bytes.size() - at));
    const auto failed = co_await stream_.write(part);
    if (failed) co_return false;
    if (how.drip.count() == 0) continue;
    asio::steady_timer pause(socket_.get_executor(), how.drip);
    co_await pause.async_wait(token);
  }
  if (how.reset == disruption::cut::none) co_return true;
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);  // closing then resets
  socket_.close(ignored);
  co_return false;
}

asio::awaitable<void> connection::refuse(refusal why) {
  if (why.status == silent.status) co_return;
  auto answer = std::make_shared<wire_response>(to_wire(plain_answer(why.status, why.text), asked_for(), false));
  if (co_await write(answer)) co_await linger();
}

/// Reads what the peer still sends before closing: with unread bytes the kernel would reset the connection, and the
/// peer might never see the answer.
asio::awaitable<void> connection::linger() {
  enter(state::lingering);
  limit(linger_time);
  co_await stream_.finish();
  error_code failed;
  if (!socket_.is_open()) co_return;
  buffer_.clear();
  while (!failed) {
    const auto space = buffer_.prepare(read_size);
    const auto [read_failed, received] = co_await socket_.async_read_some(space, token);
    failed = read_failed;
  }
}

void connection::enter(state next) noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (state_ == state::writing) rate_.write_ends(now);
  if (next == state::writing) rate_.write_begins(now);
  state_ = next;
  auto since = now;
  switch (next) {
    case state::reading: awaited_.store(awaited::rest_of_request, std::memory_order_relaxed); break;
    case state::idle: awaited_.store(awaited::next_request, std::memory_order_relaxed); break;
    case state::writing:
      awaited_.store(awaited::answer_taken, std::memory_order_relaxed);
      since = rate_.since();
      break;
    case state::handling:
    case state::lingering: since = time_point(time_point::duration(never)); break;
  }
  awaited_since_.store(since.time_since_epoch().count(), std::memory_order_relaxed);
}

void connection::taken(std::size_t bytes) noexcept {
  if (state_ != state::writing) return;
  rate_.taken(bytes, std::chrono::steady_clock::now());
  awaited_since_.store(rate_.since().time_since_epoch().count(), std::memory_order_relaxed);
}

void connection::limit(std::chrono::milliseconds duration) {
  timed_out_ = false;
  limit_at_ = std::chrono::steady_clock::now() + duration;
  if (limit_at_ < looks_at_) look_at(limit_at_);
}

/// A timer that is set for a time before the limit stays, and is set anew when it has expired: a limit that is not
/// reached costs no more than to write it down.
void connection::look_at(time_point when) {
  looks_at_ = when;
  limit_.expires_at(when);
  limit_.async_wait([self = weak_from_this(), when](error_code cancelled) {
    const auto still = self.lock();
    if (cancelled || !still || still->looks_at_ != when) return;  // or another look has been set since it was queued
    still->looks_at_ = time_point::max();
    if (still->limit_at_ == time_point::max()) return;
    if (std::chrono::steady_clock::now() < still->limit_at_) return still->look_at(still->limit_at_);
    still->on_limit();
  });
}

/// A reader is only woken: it may answer 408, or find that bytes came at the last moment. A writer's peer does not read
/// and would not see an answer; who lingers has had his.
void connection::on_limit() {
  timed_out_ = true;
  error_code ignored;
  if (state_ == state::writing || state_ == state::lingering) {
    socket_.close(ignored);
    return;
  }
  socket_.cancel(ignored);
  // Of an operation of TLS a part may have ended just now, so that nothing was cancelled and it goes on reading.
  look_at(std::chrono::steady_clock::now() + again_after);
}

}  // namespace tenon::http
