#include "admin.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <istream>
#include <string>
#include <utility>

namespace tenon::tenond {
namespace asio = boost::asio;
namespace json = boost::json;
namespace {

using local = asio::local::stream_protocol;
constexpr std::size_t max_line = 64u << 10;

error refusal(const std::filesystem::path& path, const std::string& found) {
  return make_error("CONFIGURATION_ERROR", "The server is not configured correctly.",
                    "server.admin_socket: expected to listen on " + path.string() + ", found " + found);
}

/// The user at the other end is root or who we are.
bool trusted(local::socket& peer) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(peer.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return false;
  return credentials.uid == 0 || credentials.uid == geteuid();
}

/// One operator's connection: a line in, a line out.
class session : public std::enable_shared_from_this<session> {
 public:
  session(local::socket peer, host& host, own_reload own, own_status edge)
      : peer_(std::move(peer)), host_(host), own_(std::move(own)), edge_(std::move(edge)) {}

  void read() {
    asio::async_read_until(peer_, buffer_, '\n',
                           [self = shared_from_this()](boost::system::error_code failed, std::size_t) {
                             if (!failed) self->answer();
                           });
  }

  void close() {
    asio::post(peer_.get_executor(), [self = shared_from_this()] {
      boost::system::error_code ignored;
      self->peer_.close(ignored);
    });
  }

 private:
  void answer() {
    std::string line;
    std::istream in(&buffer_);
    std::getline(in, line);
    json::error_code malformed;
    const auto request = json::parse(line, malformed);
    if (malformed || !request.is_object()) {
      return write({{"ok", false}, {"error", "expected one JSON object a line"}});
    }
    const auto tell = [self = shared_from_this()](json::object answer) {
      asio::post(self->peer_.get_executor(),
                 [self, answer = std::move(answer)]() mutable { self->write(std::move(answer)); });
    };
    run_admin_command(host_, own_, request.get_object(), tell, edge_);
  }

  void write(json::object answer) {
    out_ = json::serialize(answer) + '\n';
    asio::async_write(peer_, asio::buffer(out_),
                      [self = shared_from_this()](boost::system::error_code failed, std::size_t) {
                        if (!failed) self->read();
                      });
  }

  local::socket peer_;
  host& host_;
  const own_reload own_;
  const own_status edge_;
  asio::streambuf buffer_{max_line};
  std::string out_;
};

class listener final : public admin_socket, public std::enable_shared_from_this<listener> {
 public:
  listener(asio::any_io_executor executor, std::filesystem::path path, host& host, own_reload own, own_status edge)
      : strand_(asio::make_strand(std::move(executor))),
        acceptor_(strand_),
        pause_(strand_),
        path_(std::move(path)),
        host_(host),
        own_(std::move(own)),
        edge_(std::move(edge)) {}

  result<void> open() {
    if (auto cleared = remove_dead_socket(); !cleared) return cleared;
    boost::system::error_code failed;
    acceptor_.open(local(), failed);
    if (failed) return refusal(path_, failed.message());
    acceptor_.bind(local::endpoint(path_.string()), failed);
    // Before it listens nobody can connect, so that the file is never open to others. A umask would be the whole
    // process's, whose other threads make files too.
    if (!failed && ::chmod(path_.c_str(), S_IRUSR | S_IWUSR) != 0) {
      failed.assign(errno, boost::system::system_category());
    }
    if (failed) return refusal(path_, failed.message() + "; check that its directory exists and is writable");
    acceptor_.listen(8, failed);
    if (failed) return refusal(path_, failed.message());
    return {};
  }

  void accept() {
    acceptor_.async_accept(asio::make_strand(strand_.get_inner_executor()),
                           [self = shared_from_this()](boost::system::error_code failed, local::socket peer) {
                             // Closed while this was on its way: accepting again would fail again, for ever.
                             if (!self->acceptor_.is_open()) return;
                             if (!failed && trusted(peer)) self->serve(std::move(peer));
                             if (failed) return self->accept_later();
                             self->accept();
                           });
  }

  /// Out of descriptors, say: trying again at once would only burn the processor.
  void accept_later() {
    pause_.expires_after(std::chrono::milliseconds(50));
    pause_.async_wait([self = shared_from_this()](boost::system::error_code) {
      if (self->acceptor_.is_open()) self->accept();
    });
  }

  void stop() override {
    asio::post(strand_, [self = shared_from_this()] {
      boost::system::error_code ignored;
      self->acceptor_.close(ignored);
      self->pause_.cancel();
      for (const auto& open : self->sessions_) {
        if (const auto one = open.lock()) one->close();
      }
    });
    ::unlink(path_.c_str());
  }

 private:
  result<void> remove_dead_socket() {
    if (path_.string().size() >= sizeof(sockaddr_un::sun_path)) {
      return refusal(path_, "a name longer than a Unix socket may have; choose a shorter path");
    }
    struct stat found {};
    if (lstat(path_.c_str(), &found) != 0) return {};
    if (!S_ISSOCK(found.st_mode))
      return refusal(path_, "a file there that is no socket; remove it or choose another path");
    asio::io_context probe_context;
    local::socket probe(probe_context);
    boost::system::error_code failed;
    probe.connect(local::endpoint(path_.string()), failed);
    if (!failed) return refusal(path_, "another process that listens there; stop it or choose another path");
    ::unlink(path_.c_str());
    return {};
  }

  void serve(local::socket peer) {
    std::erase_if(sessions_, [](const auto& open) { return open.expired(); });
    auto made = std::make_shared<session>(std::move(peer), host_, own_, edge_);
    sessions_.push_back(made);
    made->read();
  }

  asio::strand<asio::any_io_executor> strand_;
  local::acceptor acceptor_;
  asio::steady_timer pause_;
  const std::filesystem::path path_;
  host& host_;
  const own_reload own_;
  const own_status edge_;
  std::vector<std::weak_ptr<session>> sessions_;
};

}  // namespace

result<std::shared_ptr<admin_socket>> admin_socket::listen(asio::any_io_executor executor, std::filesystem::path path,
                                                           host& host, own_reload own, own_status edge) {
  auto made =
      std::make_shared<listener>(std::move(executor), std::move(path), host, std::move(own), std::move(edge));
  if (auto opened = made->open(); !opened) return opened.error();
  made->accept();
  return std::shared_ptr<admin_socket>(std::move(made));
}

}  // namespace tenon::tenond
