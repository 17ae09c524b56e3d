// tenond: a server around tenon::host that speaks AdCP over MCP. main() alone composes.

#include "daemon.hpp"
#include "settings.hpp"

#include <boost/asio/io_context.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
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

int run(const std::filesystem::path& config) {
  auto settings = read_server_settings(config);
  if (!settings) {
    std::fprintf(stderr, "tenond: %s\n", settings.error().operator_detail.c_str());
    return exit_usage;
  }
  const auto logger = make_logger(settings->log_level);
  boost::asio::io_context calls(static_cast<int>(settings->threads));
  boost::asio::io_context control;
  const auto threads = settings->threads;
  daemon server(calls, control, config, std::move(*settings), logger);
  if (const auto started = server.start(); !started) {
    logger->critical("{}", started.error().operator_detail);
    server.abandon();
    return exit_usage;
  }
  std::vector<std::jthread> more;
  for (std::uint32_t i = 0; i < threads; ++i) more.emplace_back([&calls] { calls.run(); });
  control.run();
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
