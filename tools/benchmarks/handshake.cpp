// tools/bench handshake: what a tenant's first call costs beyond what its ad server takes to sign in. Every answer of
// the stand-ins takes 50 ms; gam signs in with two of them (token, network), kevel with one. The plugins are mapped in
// every round: a cold call is one whose platform is gone, after an eviction or an expiry.

#include "harness.hpp"

#include "sandbox/service.hpp"

#include <tenon/host.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

namespace tenon::bench {
namespace {

namespace fs = std::filesystem;

constexpr int runs = 21;
constexpr double latency_ms = 50;

template <class Value>
Value need(result<Value> outcome) {
  if (outcome) return std::move(*outcome);
  std::cerr << "bench: " << outcome.error() << '\n';
  std::exit(EXIT_FAILURE);
}

/// Threads that run a context until the end.
class running {
 public:
  explicit running(int threads) {
    for (int count = 0; count < threads; ++count) threads_.emplace_back([this] { context.run(); });
  }
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() {
    guard_.reset();
    context.stop();
    for (auto& each : threads_) each.join();
  }

  boost::asio::io_context context;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context.get_executor()};
  std::vector<std::thread> threads_;
};

/// A host with a tenant on each adapter, and their ad servers.
class world {
 public:
  explicit world(const fs::path& plugins)
      : root_(fs::temp_directory_path() / ("tenon-bench-" + std::to_string(getpid()))),
        service_(need(sandbox::service::start(servers_.context.get_executor(), served_, 0))) {
    fs::create_directories(root_ / "keys");
    served_.configure({.token_uri = service_->base_url() + "/token"});
    const auto account = sandbox::make_service_account("123456");
    served_.add(account);
    sandbox::write_file(root_ / "keys/gam.json", sandbox::key_file(account, service_->base_url() + "/token"));
    const auto key = sandbox::make_api_key("demo");
    served_.add(key);
    sandbox::write_file(root_ / "keys/kevel.key", key.secret);
    write_config(plugins);
    const auto nobody = std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
    host_ =
        need(host::create(host_threads_.context.get_executor(), {.config = root_ / "tenon.toml", .logger = nobody}));
    control("POST", "/_sandbox/faults", R"({"match": "*", "latency_ms": 50})");
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world() {
    host_->async_shutdown(boost::asio::use_future).get();
    host_.reset();
    std::promise<void> stopped;
    service_->stop([&stopped] { stopped.set_value(); });
    stopped.get_future().get();
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  /// One call that asks the ad server once.
  double call_ms(const std::string& tenant) {
    call_request request{.task = "get_media_buys", .body = "{}", .context = {}};
    return nanoseconds([&] {
             need(host_->async_call({.tenant = tenant}, std::move(request), boost::asio::use_future).get());
           }) /
           1e6;
  }
  void evict(const std::string& tenant) { host_->invalidate(tenant); }

 private:
  std::string control(const std::string& method, const std::string& path, const std::string& body = {}) {
    http::request request{.method = method, .path = path, .query = {}, .headers = {}, .body = body, .peer = {}};
    request.headers.emplace_back("content-type", "application/json");
    return served_.handle(request).response.body;
  }

  void write_config(const fs::path& plugins) {
    fs::create_directories(root_ / "tenants.d");
    std::ofstream(root_ / "tenon.toml") << "[host]\nplugin_dirs = [\"" << plugins.string()
                                        << "\"]\nstore_dir = \"store\"\n";
    const std::string product =
        "[[settings.products]]\nproduct_id = \"p\"\ndelivery_type = \"guaranteed\"\n"
        "format_ids = [{ agent_url = \"https://f.example\", id = \"display_300x250\" }]\n"
        "pricing_options = [{ pricing_option_id = \"o\", pricing_model = \"cpm\", currency = \"USD\", rate = 1.0 }]\n";
    std::ofstream(root_ / "tenants.d/gam.toml")
        << "plugin = \"gam\"\n[settings]\nnetwork_code = \"123456\"\nadvertiser_id = \"555\"\ntrafficker_id = \"77\"\n"
        << "requests_per_second = 0\napi_base = \"" << service_->base_url() << "/v1\"\nservice_account = { file = \""
        << (root_ / "keys/gam.json").string() << "\" }\n"
        << product << "ad_unit_ids = [\"99\"]\n";
    // The first ids of the first key, as the sandbox's README has them.
    std::ofstream(root_ / "tenants.d/kevel.toml")
        << "plugin = \"kevel\"\n[settings]\nadvertiser_id = 7290001\nrequests_per_second = 0\napi_base = \""
        << service_->base_url() << "/kevel/v1\"\napi_key = { file = \"" << (root_ / "keys/kevel.key").string()
        << "\" }\n"
        << product << "priority_id = 7290004\nplaces = [{ site_id = 7290007 }]\n";
  }

  const fs::path root_;
  sandbox::upstreams served_{system_clock()};
  running servers_{1};
  running host_threads_{2};
  std::shared_ptr<sandbox::service> service_;
  std::unique_ptr<host> host_;
};

void measure(world& at, const std::string& tenant, double handshake_ms, report& into) {
  at.call_ms(tenant);  // maps the plugin
  for (int run = 0; run < runs; ++run) {
    at.evict(tenant);
    const auto cold = at.call_ms(tenant);
    const auto warm = at.call_ms(tenant);
    into.add(tenant + "_cold_ms", cold);
    into.add(tenant + "_warm_ms", warm);
    into.add(tenant + "_overhead_ms", cold - warm - handshake_ms);
  }
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  using namespace tenon::bench;
  const auto asked = read_options(argc, argv);
  const auto plugins = fs::canonical("/proc/self/exe").parent_path().parent_path() / "plugins";
  report made("handshake", asked.commit);
  {
    world at(plugins);
    measure(at, "gam", 2 * latency_ms, made);
    measure(at, "kevel", latency_ms, made);
  }
  for (const char* tenant : {"gam", "kevel"}) {
    const auto overhead = made.median(std::string(tenant) + "_overhead_ms");
    std::printf("%s: cold minus warm is the handshake and %.2f ms (20 allowed)\n", tenant, overhead);
  }
  return deliver(made, asked);
}
