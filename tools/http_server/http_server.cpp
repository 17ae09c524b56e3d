#include "http_server/http_server.hpp"

#include "http_server/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <optional>
#include <unordered_set>

namespace tenon::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// This process, or the whole system.
bool is_out_of_descriptors(const error_code& failed) {
  return failed == asio::error::no_descriptors || failed == boost::system::errc::too_many_files_open_in_system;
}

/// An erased executor has room for a strand of a context's own executor. A strand of an erased one is copied to the
/// heap with every handler.
asio::any_io_executor make_small_strand(const asio::any_io_executor& over) {
  if (const auto* context = over.target<asio::io_context::executor_type>()) return asio::make_strand(*context);
  return asio::make_strand(over);
}

/// What accepts, and knows the open connections. Everything runs on its strand.
class listener : public std::enable_shared_from_this<listener> {
 public:
  listener(asio::any_io_executor executor, tcp::acceptor acceptor, asio::any_io_executor strand, server_options options,
           request_handler handler, head_handler heads)
      : executor_(std::move(executor)),
        strand_(std::move(strand)),
        acceptor_(std::move(acceptor)),
        pause_(strand_),
        grace_(strand_),
        identity_(options.tls),
        options_(std::make_shared<const server_options>(std::move(options))),
        handlers_(std::make_shared<const request_handlers>(
            request_handlers{.whole = std::move(handler), .head = std::move(heads)})) {}

  void start() {
    asio::post(strand_, [self = shared_from_this()] { self->accept(); });
  }

  void present(tls_identity identity) {
    asio::post(strand_, [self = shared_from_this(), identity = std::move(identity)]() mutable {
      self->identity_ = std::move(identity);
    });
  }

  void stop(std::optional<std::chrono::milliseconds> grace, unique_function<void()> done) {
    asio::post(strand_, [self = shared_from_this(), grace, done = std::move(done)]() mutable {
      if (done) self->done_.push_back(std::move(done));
      self->drain(grace);
    });
  }

 private:
  void accept() {
    if (stopping_ || accepting_) return;
    accepting_ = true;
    if (open_.size() >= options_->max_connections) return await_client();
    acceptor_.async_accept(make_small_strand(executor_),
                           [self = shared_from_this()](error_code failed, tcp::socket socket) {
                             self->accepting_ = false;
                             if (self->stopping_) return;
                             if (failed) {
                               if (is_out_of_descriptors(failed)) self->make_room();
                               return self->accept_later();
                             }
                             self->serve(std::move(socket));
                             self->accept();
                           });
  }

  /// The system says that it is out of descriptors to who accepts while no client is there, too; and a wait may end for
  /// a client who has been accepted since.
  bool client_waits() {
    error_code none;
    acceptor_.wait(tcp::acceptor::wait_read, none);  // returns at once, as the acceptor does not block
    return !none;
  }

  /// While all connections are taken: when a client comes, one that is slow has to go.
  void await_client() {
    acceptor_.async_wait(tcp::acceptor::wait_read, [self = shared_from_this()](error_code failed) {
      self->accepting_ = false;
      if (self->stopping_) return;
      if (failed) return self->accept_later();
      if (self->open_.size() < self->options_->max_connections) return self->accept();
      self->make_room();
      self->accept_later();  // or when a connection has ended, if that is earlier
    });
  }

  /// If a client waits: closes the connection that has waited longest for the rest of a request; if none has, for a
  /// request; if none has, for its answer to be taken.
  void make_room() {
    if (!client_waits()) return;
    const auto now = std::chrono::steady_clock::now();
    std::shared_ptr<connection> chosen;
    std::optional<connection::waiting> first;
    for (const auto& each : open_) {
      const auto waits = each->waits();
      if (!waits) continue;
      const bool writes = waits->what == connection::awaited::answer_taken;
      const auto patience = writes ? options_->slow_reader_after : options_->give_way_after;
      if (waits->since > now - patience || (first && *first <= *waits)) continue;
      chosen = each;
      first = waits;
    }
    if (chosen) chosen->give_way(*first);
  }

  /// Out of descriptors or memory: some connection may end soon, trying at once would only burn the processor.
  void accept_later() {
    pause_.expires_after(std::chrono::milliseconds(50));
    pause_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->accept();
    });
  }

  void serve(tcp::socket socket) {
    auto opened = std::make_shared<connection>(std::move(socket), identity_, options_, handlers_);
    open_.insert(opened);
    opened->run([self = shared_from_this(), was = std::weak_ptr(opened)] {
      asio::post(self->strand_, [self, gone = was.lock()] {
        self->open_.erase(gone);
        self->accept();
        self->finish_if_drained();
      });
    });
  }

  void drain(std::optional<std::chrono::milliseconds> grace) {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (const auto& each : open_) each->drain();
    if (grace) {
      grace_.expires_after(*grace);
      grace_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (cancelled) return;
        for (const auto& each : self->open_) each->close();
      });
    }
    finish_if_drained();
  }

  void finish_if_drained() {
    if (!stopping_ || !open_.empty()) return;
    grace_.cancel();
    for (auto& done : std::exchange(done_, {})) done();
  }

  asio::any_io_executor executor_;
  asio::any_io_executor strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::steady_timer grace_;
  tls_identity identity_;
  std::shared_ptr<const server_options> options_;
  std::shared_ptr<const request_handlers> handlers_;
  std::unordered_set<std::shared_ptr<connection>> open_;
  std::vector<unique_function<void()>> done_;
  bool accepting_ = false;
  bool stopping_ = false;
};

/// What the owner holds: dropping it stops accepting and lets requests in progress finish.
class listening_server final : public server {
 public:
  listening_server(std::shared_ptr<listener> to, std::uint16_t port) : listener_(std::move(to)), port_(port) {}
  ~listening_server() override { listener_->stop(std::nullopt, {}); }

  std::uint16_t port() const noexcept override { return port_; }

  void present(tls_identity identity) override { listener_->present(std::move(identity)); }

  void stop(std::chrono::milliseconds grace, unique_function<void()> done) override {
    listener_->stop(grace, std::move(done));
  }

 private:
  std::shared_ptr<listener> listener_;
  std::uint16_t port_;
};

error cannot_listen(const server_options& options, const error_code& found) {
  auto text =
      "expected to listen on " + options.address + ':' + std::to_string(options.port) + ", found: " + found.message();
  if (found == asio::error::address_in_use)
    text += "; stop the program that listens there, or configure another port";
  else if (found == asio::error::access_denied)
    text += "; configure a port above 1023, or permit this program to use lower ones";
  else
    text += "; configure an address of this machine";
  return make_error("CONFIGURATION_ERROR", "The server cannot listen.", std::move(text));
}

}  // namespace

result<std::shared_ptr<server>> server::start(asio::any_io_executor executor, server_options options,
                                              request_handler handler, head_handler heads) {
  error_code failed;
  const auto address = asio::ip::make_address(options.address, failed);
  if (failed)
    return make_error("CONFIGURATION_ERROR", "The server cannot listen.",
                      "expected an IPv4 or IPv6 address to listen on (port " + std::to_string(options.port) +
                          "), found \"" + options.address + "\"; use 127.0.0.1, 0.0.0.0 or ::");
  auto strand = make_small_strand(executor);
  tcp::acceptor acceptor(strand);
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(tcp::acceptor::max_listen_connections, failed);
  if (!failed) acceptor.non_blocking(true, failed);
  if (failed) return cannot_listen(options, failed);
  const auto port = acceptor.local_endpoint().port();
  auto to = std::make_shared<listener>(std::move(executor), std::move(acceptor), std::move(strand), std::move(options),
                                       std::move(handler), std::move(heads));
  to->start();
  return std::make_shared<listening_server>(std::move(to), port);
}

}  // namespace tenon::http
