#pragma once

#include "fake_loader.hpp"
#include "scripted_plugin.hpp"

#include "base/asio_scheduler.hpp"
#include "platform/plugin_platform.hpp"

#include "await.hpp"
#include "fake_http_client.hpp"
#include "log_text.hpp"

#include <spdlog/logger.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tenon::testing {

/// Everything a plugin platform needs, with the scripted plugin in the place of a library.
///
/// At its end it waits until every platform is retired, so that a test never leaves one behind.
class platform_world {
 public:
  explicit platform_world(int threads = 2) : pool(2) {
    host_given = &plugin_host_table();
    image = std::make_shared<plugin_image>();
    image->name = "scripted";
    image->manifest.id = "scripted";
    image->manifest.version = "1.0.0";
    environment = std::make_shared<platform_environment>();
    environment->executor = context.get_executor();
    environment->blocking_of = [on = pool.get_executor()](const std::string&) { return on; };
    environment->time = &system_clock();
    environment->http = http = std::make_shared<fake_http_client>();
    environment->turns = turns =
        turn_limiter::make(system_clock(), std::make_shared<asio_scheduler>(context.get_executor()));
    environment->loader = code = std::make_shared<fake_loader>(scripted_entry);
    environment->logger = std::make_shared<spdlog::logger>("test", log_.sink());
    environment->logger->set_level(spdlog::level::debug);
    environment->logger->set_pattern("%l %v");
    environment->retire_grace = std::chrono::milliseconds(20);
    environment->retire_hard = std::chrono::milliseconds(20);
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { context.run(); });
  }

  ~platform_world() {
    CHECK(all_retired());
    http->settle();
    work_.reset();
    for (auto& thread : threads_) thread.join();
    pool.join();
    code->stop();
  }

  /// Adds a task to the manifest and to the plugin.
  void task(const std::string& name, script::task does, bool blocking = false, bool mutating = false) {
    image->manifest.tasks.push_back({.name = name, .blocking = blocking, .mutating = mutating});
    plugin.tasks[name] = std::move(does);
  }

  result<std::shared_ptr<plugin_platform>> try_build(std::stop_token stop = {}) {
    return await(start_build(std::move(stop)));
  }

  std::future<result<std::shared_ptr<plugin_platform>>> start_build(std::stop_token stop = {}) {
    auto promise = std::make_shared<std::promise<result<std::shared_ptr<plugin_platform>>>>();
    auto coming = promise->get_future();
    platform_recipe recipe{.tenant = "acme",
                           .image = image,
                           .settings = settings,
                           .specialisms = {"sales-guaranteed"},
                           .secrets = std::make_shared<const secret_texts>(secrets),
                           .read_secrets = read_secrets,
                           .inherit = inherit,
                           .check_health = check_health};
    build_plugin_platform(
        environment, std::move(recipe), std::move(stop),
        [promise](result<std::shared_ptr<plugin_platform>> built) { promise->set_value(std::move(built)); });
    return coming;
  }

  std::shared_ptr<plugin_platform> build() {
    auto built = try_build();
    if (!built) FAIL(built.error().code << " " << built.error().operator_detail);
    return std::move(*built);
  }

  std::future<result<reply>> start(plugin_platform& on, const std::string& task, call_context with = {}) {
    auto promise = std::make_shared<std::promise<result<reply>>>();
    auto coming = promise->get_future();
    on.start({.task = task, .body = "{}", .context = std::move(with)},
             [promise](result<reply> outcome) { promise->set_value(std::move(outcome)); });
    return coming;
  }

  result<reply> call(plugin_platform& on, const std::string& task, call_context with = {}) {
    return await(start(on, task, std::move(with)));
  }

  /// Waits until no platform is on its way out.
  bool all_retired() {
    auto promise = std::make_shared<std::promise<void>>();
    auto coming = promise->get_future();
    environment->retiring->when_none([promise] { promise->set_value(); });
    return coming.wait_for(patience) == std::future_status::ready;
  }

  std::string log() const { return log_.read(); }

  boost::asio::io_context context;
  boost::asio::thread_pool pool;
  script plugin;
  std::shared_ptr<plugin_image> image;
  boost::json::object settings;
  std::map<std::string, std::string> secrets;
  std::function<result<std::shared_ptr<const secret_texts>>()> read_secrets;
  std::function<void(const std::string&, inheritance_handler)> inherit;
  bool check_health = false;
  std::shared_ptr<fake_http_client> http;
  std::shared_ptr<turn_limiter> turns;
  std::shared_ptr<fake_loader> code;
  std::shared_ptr<platform_environment> environment;

 private:
  log_text log_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{context.get_executor()};
  std::vector<std::thread> threads_;
};

/// What a blocked entry of the plugin waits for. Opens by itself at the end of the test.
class latch {
 public:
  ~latch() { open(); }
  void open() {
    if (!opened_.exchange(true)) promise_.set_value();
  }
  void wait() { opened_future_.wait(); }

 private:
  std::atomic<bool> opened_ = false;
  std::promise<void> promise_;
  std::shared_future<void> opened_future_{promise_.get_future()};
};

}  // namespace tenon::testing
