#include "platform/http_client/exchange.hpp"

#include "platform/http_client/request_text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace tenon::outbound {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_size = 32u << 10;
constexpr std::uint32_t max_header_bytes = 64u << 10;
constexpr int max_interim_answers = 8;
constexpr std::chrono::hours longest_timeout{24};

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return made;
}

}  // namespace

exchange::exchange(asio::any_io_executor executor, std::shared_ptr<connection_pool> pool,
                   std::shared_ptr<asio::ssl::context> tls, http_address_filter may_connect,
                   http_exchange_request request, http_handler done)
    : executor_(std::move(executor)),
      strand_(asio::make_strand(executor_)),
      deadline_(strand_),
      wake_(strand_, asio::steady_timer::time_point::max()),
      pool_(std::move(pool)),
      tls_(std::move(tls)),
      may_connect_(std::move(may_connect)),
      request_(std::move(request)),
      done_(std::move(done)),
      until_(std::chrono::steady_clock::now() + std::min<std::chrono::milliseconds>(request_.timeout, longest_timeout)),
      buffer_(max_header_bytes + 2 * read_size) {}

/// Enters the queue here, not on the strand: the order of arrival is the order of the calls. Nothing runs on the strand
/// before the callbacks are there, but for a word that the permit holds.
void exchange::start(std::stop_token caller, std::stop_token client) {
  if (prepare()) enter();
  canceller cancel{weak_from_this()};
  by_caller_.emplace(std::move(caller), cancel);
  by_client_.emplace(std::move(client), cancel);
  asio::post(strand_, [self = shared_from_this()] {
    self->limit_time();
    if (std::chrono::steady_clock::now() >= self->until_) self->abort(kind::timeout);
    asio::co_spawn(self->strand_, self->run(), [self](std::exception_ptr thrown) { self->finish(thrown); });
  });
}

void exchange::canceller::operator()() const noexcept {
  if (auto self = what.lock()) asio::post(self->strand_, [self] { self->abort(kind::cancelled); });
}

void exchange::limit_time() {
  deadline_.expires_at(until_);
  deadline_.async_wait([weak = weak_from_this()](error_code cancelled) {
    if (const auto self = weak.lock(); self && !cancelled) self->abort(kind::timeout);
  });
}

/// Whatever the coroutine waits for now ends, and what it starts later fails: the connection is closed, not cancelled.
void exchange::abort(kind why) {
  if (aborted_) return;
  aborted_ = why;
  if (connection_) connection_->close();
  // A look-up that has begun goes on, but those that wait behind it are not made for nobody.
  if (const auto resolver = resolver_.lock()) resolver->cancel();
  wake_.cancel();
}

asio::awaitable<void> exchange::run() {
  if (failure_ || !co_await await_permit()) co_return;
  for (bool reused = take_kept();; reused = false) {
    if (!reused && !co_await open()) co_return;
    bool good = co_await send();
    if (good) good = co_await receive();
    if (good || !may_repeat(reused)) co_return;
    pool_->forget(to_.origin());
    failure_.reset();
  }
}

bool exchange::prepare() {
  auto to = parse_target(request_.url);
  if (!to) return fail(kind::invalid, to.error().message);
  to_ = std::move(*to);
  auto text = request_text(request_, to_);
  if (!text) return fail(kind::invalid, text.error().message);
  text_ = std::move(*text);
  return true;
}

void exchange::enter() {
  doing_ = "waiting for one of the connections to this origin";
  permit_ = pool_->enter(to_.origin(), request_.share, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->strand_, [self] {
      self->entered_ = true;
      self->wake_.cancel();
    });
  });
}

asio::awaitable<bool> exchange::await_permit() {
  while (!entered_ && !aborted_) co_await wake_.async_wait(token);
  if (aborted_) co_return fail(kind::cancelled, {});
  co_return true;
}

/// Whether there is a kept connection that is still good.
bool exchange::take_kept() {
  connection_ = permit_->take_kept();
  if (!connection_ || !connection_->is_stale()) return connection_ != nullptr;
  connection_.reset();
  pool_->forget(to_.origin());
  return false;
}

asio::awaitable<bool> exchange::open() {
  doing_ = "looking up its address";
  connection_.reset();
  if (!located_ && !co_await locate()) co_return false;
  doing_ = "connecting";
  std::shared_ptr<asio::ssl::context> tls;
  if (to_.tls) tls = tls_;
  connection_ = std::make_unique<connection>(executor_, tls);
  const error_code refused = co_await connection_->connect(endpoints_);
  if (aborted_ || refused) co_return fail(kind::io, "expected to connect, found: " + refused.message());
  doing_ = "in the TLS handshake";
  std::string trouble;
  const error_code distrusted = co_await connection_->handshake(&to_, &trouble);
  if (aborted_ || distrusted) co_return fail(kind::io, "expected a TLS handshake, found: " + trouble);
  co_return true;
}

/// Addresses and localhost are not looked up.
asio::awaitable<bool> exchange::locate() {
  if (to_.is_address) {
    endpoints_.emplace_back(asio::ip::make_address(to_.host), to_.port);
  } else if (!to_.tls) {
    endpoints_.emplace_back(asio::ip::address_v4::loopback(), to_.port);
    endpoints_.emplace_back(asio::ip::address_v6::loopback(), to_.port);
  } else {
    look_up();
    while (!located_ && !aborted_) co_await wake_.async_wait(token);
    if (aborted_ || endpoints_.empty())
      co_return fail(kind::io, "expected an address for the name, found none: check it");
  }
  located_ = true;
  co_return drop_forbidden();
}

/// What stays is what is connected to: nothing is looked up between this and that.
bool exchange::drop_forbidden() {
  if (!may_connect_) return true;
  std::erase_if(endpoints_, [this](const tcp::endpoint& each) { return !may_connect_(each.address()); });
  if (!endpoints_.empty()) return true;
  return fail(kind::invalid, to_.origin() + ": expected an address that may be connected to, found none of that kind");
}

/// The resolver blocks a thread of its own and cannot be interrupted, so nobody waits for it but this handler.
void exchange::look_up() {
  auto resolver = std::make_shared<tcp::resolver>(strand_);
  resolver_ = resolver;
  resolver->async_resolve(to_.host, std::to_string(to_.port), tcp::resolver::numeric_service,
                          [self = shared_from_this(), resolver](error_code, const tcp::resolver::results_type& found) {
                            for (const auto& each : found) self->endpoints_.push_back(each.endpoint());
                            self->located_ = true;
                            self->wake_.cancel();
                          });
}

asio::awaitable<bool> exchange::send() {
  doing_ = "sending";
  for (std::size_t written = 0; written < text_.size();) {
    // How much of a record left before its write failed nobody can say.
    sent_ = sent_ || connection_->writes_in_records();
    const auto rest = asio::buffer(text_) + written;
    const auto made = co_await connection_->write_some(rest);
    written += made.bytes;
    sent_ = sent_ || made.bytes != 0;
    if (aborted_ || made.failed)
      co_return fail(kind::io, "expected to send the request, found: " + made.failed.message());
  }
  co_return true;
}

/// Skips interim answers (1xx).
asio::awaitable<bool> exchange::receive() {
  doing_ = "waiting for the answer";
  for (int interim = 0; interim <= max_interim_answers; ++interim) {
    auto into = std::make_unique<parser>();
    into->header_limit(max_header_bytes);
    into->body_limit(request_.max_response_bytes);
    into->skip(request_.method == "HEAD");
    into->eager(true);
    if (!co_await receive_message(into.get())) co_return false;
    const auto status = into->get().result_int();
    if (status == 101 || status < 100) co_return fail(kind::io, "expected an HTTP answer, found a switch of protocols");
    if (status < 200) continue;
    accept(*into);
    co_return true;
  }
  co_return fail(kind::io, "expected an answer, found interim answers only");
}

asio::awaitable<bool> exchange::receive_message(parser* into) {
  for (;;) {
    error_code failed = http::error::need_more;
    if (buffer_.size() != 0) buffer_.consume(into->put(buffer_.cdata(), failed));
    if (failed && failed != http::error::need_more) co_return fail_parse(failed);
    if (into->is_done()) co_return true;
    if (!failed && buffer_.size() != 0) continue;
    if (buffer_.size() + read_size > buffer_.max_size()) co_return fail_parse(http::error::buffer_overflow);
    const auto space = buffer_.prepare(read_size);
    const auto made = co_await connection_->read_some(space);
    buffer_.commit(made.bytes);
    if (made.bytes != 0) {
      answered_ = true;
      doing_ = "reading the answer";
    }
    if (aborted_) co_return fail(kind::io, {});
    if (!made.failed) continue;
    if (made.failed != asio::error::eof || !into->got_some())
      co_return fail(kind::io, "expected an answer, found: " + made.failed.message());
    into->put_eof(failed);
    if (failed) co_return fail_parse(failed);
    co_return true;
  }
}

bool exchange::fail_parse(const error_code& failed) {
  if (failed == http::error::body_limit)
    return fail(kind::limit,
                "expected at most " + std::to_string(request_.max_response_bytes) + " bytes of body, found more");
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return fail(kind::limit, "expected at most " + std::to_string(max_header_bytes) + " bytes of header, found more");
  return fail(kind::io, "expected an HTTP/1.1 answer, found: " + failed.message());
}

void exchange::accept(parser& from) {
  const bool keep = from.keep_alive() && buffer_.size() == 0 && !aborted_;
  auto message = from.release();
  response_.status = message.result_int();
  for (const auto& field : message) response_.headers.emplace_back(lower(field.name_string()), field.value());
  response_.body = std::move(message.body());
  if (keep) permit_->keep(std::move(connection_));
}

bool exchange::may_repeat(bool reused) const {
  return reused && !aborted_ && !answered_ && failure_->what == kind::io && (!sent_ || is_idempotent(request_.method));
}

/// Always false, for who returns it.
bool exchange::fail(kind what, std::string found) {
  http_failure made;
  made.what = aborted_.value_or(what);
  if (sent_) made.phase = http_failure::progress::sent;
  if (answered_) made.phase = http_failure::progress::partly_answered;
  if (what == kind::invalid) {
    made.what = what;
    made.message = std::move(found);
  } else {
    made.message = request_.method + ' ' + to_.origin() + ": ";
    if (made.what == kind::timeout)
      made.message += "expected an answer within " + std::to_string(request_.timeout.count()) +
                      " ms, found none while " + std::string(doing_);
    else if (made.what == kind::cancelled)
      made.message += "cancelled while " + std::string(doing_);
    else
      made.message += found + ", while " + std::string(doing_);
  }
  failure_ = std::move(made);
  return false;
}

void exchange::finish(std::exception_ptr thrown) {
  if (thrown) fail(kind::io, "expected memory and a working connection, found an exception");
  deadline_.cancel();
  by_caller_.reset();
  by_client_.reset();
  connection_.reset();
  permit_.reset();
  auto done = std::move(done_);
  if (failure_)
    done(std::move(*failure_));
  else
    done(std::move(response_));
}

}  // namespace tenon::outbound
