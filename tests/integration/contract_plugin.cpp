// The contract's world of plugins: real shared objects, through the real store, loader and factory. The network is
// a fake, which answers a handshake when a test says so.
#include "reload/plugin_factory.hpp"

#include "await.hpp"
#include "contract_world.hpp"
#include "fake_http_client.hpp"

#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <boost/json/parse.hpp>

#include <unistd.h>
#include <filesystem>
#include <future>
#include <string>
#include <utility>

namespace tenon::testing {
namespace {

namespace fs = std::filesystem;

/// The plugins of this program, stored once for all worlds. Each world maps them with a loader of its own.
struct stored_plugins {
  stored_plugins() = default;
  stored_plugins(const stored_plugins&) = delete;
  stored_plugins& operator=(const stored_plugins&) = delete;
  ~stored_plugins() {
    std::error_code ignored;
    fs::remove_all(directory, ignored);
  }

  std::shared_ptr<const plugin_image> put(const fs::path& from, const std::string& name) const {
    return store->put(open_candidate({from}, name).value()).value();
  }

  /// The same bytes, said to hold their thread in every task.
  static std::shared_ptr<const plugin_image> blocking(const plugin_image& image) {
    auto changed = std::make_shared<plugin_image>(image);
    for (auto& task : changed->manifest.tasks) task.blocking = true;
    return changed;
  }

  const fs::path directory = fs::temp_directory_path() / ("tenon-contract-" + std::to_string(::getpid()));
  const std::shared_ptr<plugin_store> store = plugin_store::open(directory).value();
  const std::shared_ptr<const plugin_image> echo = put(TENON_TEST_PLUGINS, "echo");
  const std::shared_ptr<const plugin_image> blocking_echo = blocking(*echo);
  const std::shared_ptr<const plugin_image> no_instance = put(TENON_TEST_FIXTURES, "bad_no_instance");
};

const stored_plugins& plugins() {
  static const stored_plugins once;
  return once;
}

/// A factory whose builds count as open from their first moment, so that a world which waits for them also waits for
/// one that still stands in a queue.
class counted_factory final : public factory {
 public:
  counted_factory(std::shared_ptr<factory> real, std::shared_ptr<open_platforms> counted)
      : real_(std::move(real)), counted_(std::move(counted)) {}

  bool blocks() const noexcept override { return real_->blocks(); }
  void build(std::string tenant, std::stop_token stop, build_handler done) override {
    real_->build(
        std::move(tenant), std::move(stop),
        [ticket = platform_ticket(counted_), done = std::move(done)](auto built) mutable { done(std::move(built)); });
  }
  result<std::optional<bool>> foresees(const std::string& tenant, std::string_view task) const override {
    return real_->foresees(tenant, task);
  }

 private:
  const std::shared_ptr<factory> real_;
  const std::shared_ptr<open_platforms> counted_;
};

class plugin_world final : public contract_world {
 public:
  plugin_world(boost::asio::any_io_executor executor, boost::asio::any_io_executor blocking, const clock& time) {
    environment_->executor = std::move(executor);
    environment_->blocking_of = [blocking = std::move(blocking)](const std::string&) { return blocking; };
    environment_->time = &time;
    environment_->http = http_;
    environment_->logger = std::make_shared<spdlog::logger>("silent");
    environment_->loader = loader::make(plugin_host_table(), environment_->logger);
  }

  /// The router is gone by now: what it held retires, and nothing may stay mapped.
  ~plugin_world() override {
    const auto none_left = std::make_shared<std::promise<void>>();
    environment_->retiring->when_none([none_left] { none_left->set_value(); });
    CHECK(none_left->get_future().wait_for(patience) == std::future_status::ready);
    CHECK(environment_->loader->stop().empty());
  }

  /// Every plugin's platform is there later, on another thread.
  std::shared_ptr<factory> make_source(flavour kind) override {
    if (kind == flavour::no_platform) return source_of(plugins().no_instance);
    if (kind == flavour::handshaking)
      return source_of(plugins().echo, {{"handshake", "https://upstream.example/ready"}});
    return source_of(kind == flavour::blocking_platform ? plugins().blocking_echo : plugins().echo);
  }

  std::string tenant_of(const reply& answer) const override {
    const auto body = boost::json::parse(answer.body).as_object();
    const auto* products = body.if_contains("products");
    const auto& id = products ? products->at(0).at("product_id") : body.at("media_buy_id");
    const std::string text(id.as_string());
    return text.substr(text.find('-') + 1);
  }

  std::string thread_of(const reply& answer) const override {
    return std::string(boost::json::parse(answer.body).at("thread").as_string());
  }

  bool handshakes(int count) const override { return http_->received(count); }
  void end_handshake(std::size_t nth, bool well) override {
    http_->finish(nth, http_exchange_response{.status = well ? 200u : 503u, .headers = {}, .body = {}});
  }

 private:
  std::shared_ptr<factory> source_of(const std::shared_ptr<const plugin_image>& image,
                                     boost::json::object settings = {}) const {
    const auto deployments = std::make_shared<deployment_table>();
    for (const char* tenant : {"tenant-a", "tenant-b", "tenant-c", "tenant-d", "tenant-e", "tenant-f"}) {
      auto entry = std::make_shared<tenant_entry>();
      entry->name = tenant;
      entry->plugin = image->name;
      entry->settings = settings;
      deployments->put(tenant, std::make_shared<deployment>(deployment{.entry = std::move(entry), .image = image}));
    }
    auto real = std::make_shared<plugin_factory>(environment_, deployments,
                                                 std::make_shared<build_ledger>(*environment_->time));
    return std::make_shared<counted_factory>(std::move(real), environment_->retiring);
  }

  const std::shared_ptr<fake_http_client> http_ = std::make_shared<fake_http_client>();
  const std::shared_ptr<platform_environment> environment_ = std::make_shared<platform_environment>();
};

}  // namespace

std::unique_ptr<contract_world> make_contract_world(boost::asio::any_io_executor executor,
                                                    boost::asio::any_io_executor blocking, const clock& time) {
  return std::make_unique<plugin_world>(std::move(executor), std::move(blocking), time);
}

}  // namespace tenon::testing
