#include "sandbox/disk.hpp"
#include "sandbox/service.hpp"

#include <tenon/clock.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

/// tenon-sandbox: stand-ins for Google Ad Manager and Kevel on loopback, with demo credentials.
namespace {

using namespace tenon;

struct settings {
  std::uint16_t port = 0;
  std::string port_file;
  std::string key_directory;
  std::string state_file;
  std::vector<std::string> networks;
  std::vector<std::string> keys;
  std::int64_t token_lifetime_s = 3599;
  double gam_rate = 2;
  double kevel_rate = 50;
};

void add_options(CLI::App& app, settings& all) {
  app.add_option("--port", all.port, "Port on 127.0.0.1; 0 takes any free one");
  app.add_option("--write-port", all.port_file, "File to write the chosen port to");
  app.add_option("--write-keys", all.key_directory, "Directory to write the demo credentials to");
  app.add_option("--state", all.state_file, "SQLite file that holds everything; without it all is lost at the end");
  app.add_option("--gam-network", all.networks, "Network code to serve, with a service account of its own; repeatable")
      ->check([](const std::string& code) {
        const bool digits = !code.empty() && code.find_first_not_of("0123456789") == std::string::npos;
        return digits ? std::string() : "expected a network code of digits, found " + code;
      });
  app.add_option("--kevel-key", all.keys, "Name of a Kevel network to serve, with an API key of its own; repeatable")
      ->check([](const std::string& name) {
        const bool plain = !name.empty() &&
                           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                               std::string::npos;
        return plain ? std::string() : "expected a name of letters, digits, _ and -, found " + name;
      });
  app.add_option("--gam-rate", all.gam_rate, "Requests a second of one Ad Manager network; 0 takes everything")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--kevel-rate", all.kevel_rate, "Requests a second of one Kevel network; 0 takes everything")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--token-lifetime", all.token_lifetime_s, "Seconds an access token lives")->check(CLI::Range(1, 3600));
}

/// Makes the credentials, or takes those of an earlier run, registers them and writes them where asked.
void make_credentials(const settings& all, const std::string& base_url, sandbox::upstreams& served,
                      sandbox::disk* kept) {
  const std::filesystem::path directory = all.key_directory;
  if (!all.key_directory.empty()) std::filesystem::create_directories(directory);
  for (const auto& network : all.networks) {
    auto held = kept ? kept->account("sa-" + network + "@sandbox.example") : std::nullopt;
    const auto account = held ? std::move(*held) : sandbox::make_service_account(network);
    served.add(account);
    if (kept) kept->keep(account);
    if (!all.key_directory.empty())
      sandbox::write_file(directory / ("sa-" + network + ".json"), sandbox::key_file(account, base_url + "/token"));
  }
  for (const auto& name : all.keys) {
    auto held = kept ? kept->key(name) : std::nullopt;
    const auto key = held ? std::move(*held) : sandbox::make_api_key(name);
    served.add(key);
    if (kept) kept->keep(key);
    if (!all.key_directory.empty()) sandbox::write_file(directory / ("kevel-" + name + ".key"), key.secret + "\n");
  }
}

int run(const settings& all) {
  boost::asio::io_context context(1);
  sandbox::upstreams served(system_clock());
  const auto started = sandbox::service::start(context.get_executor(), served, all.port);
  if (!started) {
    std::cerr << "sandbox: " << started.error() << "\n";
    return 1;
  }
  const auto& service = *started;
  const auto base_url = service->base_url();
  served.configure({.token_uri = base_url + "/token", .token_lifetime = std::chrono::seconds(all.token_lifetime_s)});
  served.limit({{"gam_per_second", all.gam_rate}, {"kevel_per_second", all.kevel_rate}});
  std::shared_ptr<sandbox::disk> kept;
  if (!all.state_file.empty()) kept = std::make_shared<sandbox::disk>(all.state_file);
  make_credentials(all, base_url, served, kept.get());
  if (kept) served.keep_on(kept);

  boost::asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { service->stop([] {}); });
  if (!all.port_file.empty()) sandbox::write_file(all.port_file, std::to_string(service->port()) + "\n");
  std::cout << "sandbox: listening on " << base_url << std::endl;
  context.run();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  settings all;
  CLI::App app("Stand-ins for Google Ad Manager and Kevel on loopback, for demos and tests", "tenon-sandbox");
  add_options(app, all);
  CLI11_PARSE(app, count, arguments);
  try {
    return run(all);
  } catch (const std::exception& failure) {
    std::cerr << "sandbox: " << failure.what() << "\n";
    return 1;
  }
}
