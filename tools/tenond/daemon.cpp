#include "daemon.hpp"

#include <boost/asio/bind_executor.hpp>

#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace tenon::tenond {
namespace {

bool write_port(const std::filesystem::path& file, std::uint16_t port) {
  if (file.empty()) return true;
  auto partial = file;
  partial += ".partial";
  std::ofstream out(partial);
  out << port << '\n';
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(partial, file, failed);
  return out && !failed;
}

}  // namespace

daemon::daemon(boost::asio::io_context& calls, boost::asio::io_context& control, std::filesystem::path config,
               server_settings settings, std::shared_ptr<spdlog::logger> logger)
    : calls_(calls),
      control_(control),
      config_(std::move(config)),
      settings_(std::move(settings)),
      logger_(std::move(logger)),
      buyers_(settings_.principals),
      working_(calls.get_executor()),
      ends_(control, SIGTERM, SIGINT),
      hangups_(control, SIGHUP),
      delay_(control) {}

result<void> daemon::start() {
  auto made = host::create(calls_.get_executor(), {.config = config_, .logger = logger_, .handle_crashes = true});
  if (!made) return made.error();
  host_ = std::move(*made);
  front_ = std::make_unique<front>(*host_, buyers_);
  if (!settings_.admin_socket.empty()) {
    auto admin = admin_socket::listen(control_.get_executor(), settings_.admin_socket, *host_,
                                      [this] { return reload_own(); });
    if (!admin) return admin.error();
    admin_ = std::move(*admin);
  }
  auto server = http::server::start(calls_.get_executor(), {.address = settings_.address, .port = settings_.port},
                                    [this](http::request request, http::responder respond) {
                                      front_->handle(std::move(request), std::move(respond));
                                    });
  if (!server) return server.error();
  server_ = std::move(*server);
  if (!write_port(settings_.port_file, server_->port())) {
    return make_error("CONFIGURATION_ERROR", "The server is not configured correctly.",
                      "server.port_file: expected to write " + settings_.port_file.string() +
                          ", found that it cannot be written; check its directory");
  }
  logger_->info("tenond {}: listening on {}:{}", TENON_VERSION, settings_.address, server_->port());
  await_end();
  await_hangup();
  return {};
}

void daemon::abandon() {
  ends_.cancel();
  hangups_.cancel();
  if (admin_) admin_->stop();
  if (server_) server_->stop(std::chrono::milliseconds(0), [] {});
  host_.reset();
}

result<void> daemon::reload_own() {
  const auto read = read_server_settings(config_);
  if (!read) {
    logger_->error("[server] and [principals] stay as they were: {}", read.error().operator_detail);
    return read.error();
  }
  buyers_.assign(read->principals);
  for (const auto key : changed_keys(settings_, *read)) {
    logger_->warn("server.{} has changed: it takes effect when tenond is restarted", key);
  }
  return {};
}

void daemon::await_end() {
  ends_.async_wait([this](const boost::system::error_code& failed, int) {
    if (failed) return;
    if (stopping_) {
      logger_->warn("second signal: exiting at once");
      std::_Exit(EXIT_FAILURE);
    }
    await_end();
    stop();
  });
}

void daemon::await_hangup() {
  hangups_.async_wait([this](const boost::system::error_code& failed, int) {
    if (failed) return;
    await_hangup();
    if (stopping_) return;
    logger_->info("SIGHUP: reloading");
    // What was wrong is in the log.
    static_cast<void>(reload_own());
    host_->async_reload([](const reload_report&) {});
  });
}

void daemon::stop(bool at_once) {
  if (std::exchange(stopping_, true)) {
    if (at_once) delay_.cancel();
    return;
  }
  logger_->info("draining");
  front_->begin_draining();
  delay_.expires_after(at_once ? std::chrono::milliseconds(0) : settings_.drain_delay);
  delay_.async_wait([this](const boost::system::error_code&) { close(); });
}

void daemon::close() {
  // Together: the host lets calls finish within its drain time and answers the others; connections stay until then.
  server_->stop(std::chrono::minutes(5), [this] { finish_one(); });
  host_->async_shutdown(boost::asio::bind_executor(
      control_.get_executor(), [this](const std::vector<library_status>& left) {
        for (const auto& library : left) logger_->warn("still mapped: {}: {}", library.path.string(), library.reason);
        stuck_ = !left.empty();
        finish_one();
      }));
}

void daemon::finish_one() {
  if (--unfinished_ != 0) return;
  logger_->info("stopped");
  if (admin_) admin_->stop();
  // A thread that is stuck in a plugin would keep the process for ever: everything else is closed, so leave it behind.
  if (stuck_) std::_Exit(EXIT_SUCCESS);
  working_.reset();
  calls_.stop();
  control_.stop();
}

}  // namespace tenon::tenond
