// tenond: a server around tenon::host that speaks AdCP over MCP. main() alone composes.

#include "admin.hpp"
#include "authenticator.hpp"
#include "front.hpp"
#include "settings.hpp"

#include <tenon/host.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

namespace tenon::tenond {
namespace {

constexpr int exit_usage = 2;

std::shared_ptr<spdlog::logger> make_logger(const std::string& level) {
  auto logger = spdlog::stderr_logger_mt("tenond");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::debug);
  return logger;
}

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

/// The running server: what a signal has to wind down, in this order.
class daemon {
 public:
  daemon(boost::asio::io_context& context, server_settings settings, std::shared_ptr<spdlog::logger> logger)
      : context_(context),
        settings_(std::move(settings)),
        logger_(std::move(logger)),
        buyers_(settings_.principals),
        signals_(context, SIGTERM, SIGINT) {}

  result<void> start(const std::filesystem::path& config) {
    auto made = host::create(context_.get_executor(), {.config = config, .logger = logger_, .handle_sighup = true});
    if (!made) return made.error();
    host_ = std::move(*made);
    front_ = std::make_unique<front>(*host_, buyers_);
    if (!settings_.admin_socket.empty()) {
      auto admin = admin_socket::listen(context_.get_executor(), settings_.admin_socket, *host_);
      if (!admin) return admin.error();
      admin_ = std::move(*admin);
    }
    auto server = http::server::start(context_.get_executor(), {.address = settings_.address, .port = settings_.port},
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
    await_signal();
    return {};
  }

  /// Undoes a start that failed half-way.
  void abandon() {
    signals_.cancel();
    if (admin_) admin_->stop();
    if (server_) server_->stop(std::chrono::milliseconds(0), [] {});
    host_.reset();
  }

 private:
  void await_signal() {
    signals_.async_wait([this](const boost::system::error_code& failed, int) {
      if (failed) return;
      if (std::exchange(stopping_, true)) {
        logger_->warn("second signal: exiting at once");
        std::_Exit(EXIT_FAILURE);
      }
      await_signal();
      stop();
    });
  }

  void stop() {
    logger_->info("draining");
    front_->begin_draining();
    // Together: the host lets calls finish within its drain time and answers the others; connections stay until then.
    server_->stop(std::chrono::minutes(5), [this] { finish_one(); });
    host_->async_shutdown([this](const std::vector<library_status>& left) {
      for (const auto& library : left) logger_->warn("still mapped: {}: {}", library.path.string(), library.reason);
      stuck_ = !left.empty();
      finish_one();
    });
  }

  void finish_one() {
    if (--unfinished_ != 0) return;
    logger_->info("stopped");
    if (admin_) admin_->stop();
    // A thread that is stuck in a plugin would keep the process for ever: everything else is closed, so leave it
    // behind.
    if (stuck_) std::_Exit(EXIT_SUCCESS);
    context_.stop();
  }

  boost::asio::io_context& context_;
  const server_settings settings_;
  const std::shared_ptr<spdlog::logger> logger_;
  const authenticator buyers_;
  boost::asio::signal_set signals_;
  std::unique_ptr<host> host_;
  std::unique_ptr<front> front_;
  std::shared_ptr<admin_socket> admin_;
  std::shared_ptr<http::server> server_;
  bool stopping_ = false;
  std::atomic<int> unfinished_ = 2;  ///< of server and host, while stopping
  std::atomic<bool> stuck_ = false;
};

int run(const std::filesystem::path& config) {
  auto settings = read_server_settings(config);
  if (!settings) {
    std::fprintf(stderr, "tenond: %s\n", settings.error().operator_detail.c_str());
    return exit_usage;
  }
  const auto logger = make_logger(settings->log_level);
  boost::asio::io_context context;
  const auto threads = settings->threads;
  daemon server(context, std::move(*settings), logger);
  if (const auto started = server.start(config); !started) {
    logger->critical("{}", started.error().operator_detail);
    server.abandon();
    return exit_usage;
  }
  std::vector<std::jthread> more;
  for (std::uint32_t i = 1; i < threads; ++i) more.emplace_back([&context] { context.run(); });
  context.run();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace tenon::tenond

int main(int argc, char** argv) {
  CLI::App app("Serves many tenants from plugins, over MCP.", "tenond");
  app.set_version_flag("--version", TENON_VERSION);
  std::filesystem::path config;
  app.add_option("config", config, "tenon.toml")->required();
  CLI11_PARSE(app, argc, argv);
  return tenon::tenond::run(config);
}
