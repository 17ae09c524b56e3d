// Goal: the same platform over a real shared object: gate, store, dlopen, create, call, retire, dlclose. Method: the
// echo plugins of the test tree, one written with the SDK and one in C.
#include "platform/plugin_platform.hpp"

#include "await.hpp"
#include "print_result.hpp"

#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

using namespace tenon;
using namespace tenon::testing;

namespace {

/// Whether a file of that name is mapped into this process.
bool is_mapped(const std::string& file) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("r-xp") != std::string::npos && line.find(file) != std::string::npos) return true;
  }
  return false;
}

struct real_world {
  boost::asio::thread_pool executor{2};
  boost::asio::thread_pool pool{1};
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("tenon-real-" + std::to_string(::getpid()));
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>("silent");
  std::shared_ptr<platform_environment> environment = std::make_shared<platform_environment>();

  real_world() {
    environment->executor = executor.get_executor();
    environment->blocking_of = [on = pool.get_executor()](const std::string&) { return on; };
    environment->time = &system_clock();
    environment->loader = loader::make(plugin_host_table(), logger);
    environment->logger = logger;
  }

  ~real_world() {
    CHECK(all_retired());
    CHECK(environment->loader->stop().empty());
    executor.join();
    pool.join();
    std::filesystem::remove_all(directory);
  }

  bool all_retired() {
    auto promise = std::make_shared<std::promise<void>>();
    auto coming = promise->get_future();
    environment->retiring->when_none([promise] { promise->set_value(); });
    return coming.wait_for(patience) == std::future_status::ready;
  }

  std::shared_ptr<const plugin_image> image(const std::string& name) {
    const auto file = open_candidate({PLUGINS}, name);
    if (!file) FAIL(file.error().operator_detail);
    const auto store = plugin_store::open(directory);
    if (!store) FAIL(store.error().operator_detail);
    const auto stored = (*store)->put(*file);
    if (!stored) FAIL(stored.error().operator_detail);
    return *stored;
  }

  std::shared_ptr<plugin_platform> build(std::shared_ptr<const plugin_image> from) {
    auto promise = std::make_shared<std::promise<result<std::shared_ptr<plugin_platform>>>>();
    platform_recipe recipe{.tenant = "acme",
                           .image = std::move(from),
                           .settings = {},
                           .specialisms = {"sales-guaranteed"},
                           .secrets = nullptr};
    build_plugin_platform(
        environment, std::move(recipe), {},
        [promise](result<std::shared_ptr<plugin_platform>> built) { promise->set_value(std::move(built)); });
    auto built = await(promise->get_future());
    if (!built) FAIL(built.error().operator_detail);
    return std::move(*built);
  }

  result<reply> call(plugin_platform& on, std::string task) {
    std::promise<result<reply>> promise;
    auto coming = promise.get_future();
    on.start({.task = std::move(task), .body = "{\"brief\":\"shoes\"}", .context = {.account = {.id = "a1"}}},
             [&](result<reply> outcome) { promise.set_value(std::move(outcome)); });
    return await(std::move(coming));
  }
};

}  // namespace

TEST_CASE("a real plugin is mapped by its first build, answers, and is unmapped after its last platform") {
  for (const std::string name : {"echo", "echo_c", "echo_v1"}) {
    CAPTURE(name);
    real_world world;
    const auto image = world.image(name);
    const auto file = image->stored.filename().string();
    CHECK_FALSE(is_mapped(file));
    auto platform = world.build(image);
    CHECK(is_mapped(file));
    for (const auto& each : std::filesystem::directory_iterator(world.directory))
      CHECK(each.path().extension() == ".so");  // create() came back: no mark of a first load is left
    for (const auto& task : image->manifest.tasks) {
      CAPTURE(task.name);
      const auto answer = world.call(*platform, task.name);
      REQUIRE(answer.has_value());
      CHECK(answer->body.starts_with("{"));
    }
    platform.reset();
    REQUIRE(world.all_retired());
    CHECK(world.environment->loader->stop().empty());
    CHECK(world.environment->loader->closed() == 1);
    CHECK_FALSE(is_mapped(file));
  }
}
