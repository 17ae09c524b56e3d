// A host that sends one request to one tenant, and may die of it: dying_host tenon.toml TENANT REQUEST. Its log is on
// stdout.
#include <tenon/host.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <thread>

#include <sys/resource.h>

int main(int, char** argv) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::stdout_sink_mt>());
  logger->flush_on(spdlog::level::trace);
  boost::asio::io_context context;
  auto guard = boost::asio::make_work_guard(context);
  auto host =
      tenon::host::create(context.get_executor(), {.config = argv[1], .logger = logger, .handle_crashes = true});
  if (!host) {
    logger->error("{}", host.error().operator_detail);
    return 2;
  }
  const std::jthread runs([&context] { context.run(); });
  const auto outcome = (*host)
                           ->async_call({.tenant = argv[2]}, {.task = "get_products", .body = argv[3], .context = {}},
                                        boost::asio::use_future)
                           .get();
  logger->info("answered: {}", outcome ? outcome->body : outcome.error().operator_detail);
  (*host)->async_shutdown(boost::asio::use_future).get();
  guard.reset();
  return outcome ? 0 : 3;
}
