#pragma once

#include "as_future.hpp"
#include "log_text.hpp"

#include <tenon/host.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <spdlog/spdlog.h>

#include <unistd.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tenon {

/// For doctest, which prints what it checks.
inline std::ostream& operator<<(std::ostream& out, const reply& value) { return out << value.body; }

}  // namespace tenon

namespace tenon::testing {

/// A directory with tenon.toml, tenants.d/, plugins/ and a store, removed at the end.
class host_directory {
 public:
  explicit host_directory(const std::string& tables = "") : root_(make_root()) {
    std::filesystem::create_directories(root_ / "tenants.d");
    std::filesystem::create_directories(root_ / "plugins");
    write_main(tables);
  }
  host_directory(const host_directory&) = delete;
  host_directory& operator=(const host_directory&) = delete;
  ~host_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  void write_main(const std::string& tables) const {
    write(root_ / "tenon.toml",
          "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\ndrain_timeout_ms = 2000\n" + tables);
  }
  void write_tenant(const std::string& name, const std::string& text) const {
    write(root_ / "tenants.d" / (name + ".toml"), text);
  }
  void remove_tenant(const std::string& name) const { std::filesystem::remove(root_ / "tenants.d" / (name + ".toml")); }

  /// Puts a plugin where ops would, by rename.
  void drop(const std::filesystem::path& source, const std::string& name) const {
    const auto partial = root_ / "plugins" / (name + ".partial");
    std::filesystem::copy_file(source, partial, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::rename(partial, root_ / "plugins" / (name + ".so"));
  }
  void write(const std::filesystem::path& file, const std::string& text) const {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
  }

  std::filesystem::path config() const { return root_ / "tenon.toml"; }
  const std::filesystem::path& root() const { return root_; }

  /// Lines of /proc/self/maps with an executable file of the store.
  int mapped() const {
    std::ifstream maps("/proc/self/maps");
    std::string line;
    int count = 0;
    const auto store = (root_ / "store").string();
    while (std::getline(maps, line)) {
      count += line.find(store) != std::string::npos && line.find(" r-xp ") != std::string::npos ? 1 : 0;
    }
    return count;
  }

 private:
  static std::filesystem::path make_root() {
    auto made = (std::filesystem::temp_directory_path() / "tenon-host-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) throw std::runtime_error("expected to make a directory like " + made);
    return made;
  }

  std::filesystem::path root_;
};

/// An embedder: an io_context on a few threads and a host on it. Everything waits with a bound.
class host_fixture {
 public:
  explicit host_fixture(const host_directory& files, int threads = 2) {
    const auto logger = std::make_shared<spdlog::logger>("test", log_.sink());
    auto made = host::create(context_.get_executor(), {.config = files.config(), .logger = logger});
    if (!made) throw error_exception(made.error());
    host_ = std::move(*made);
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { context_.run(); });
  }
  host_fixture(const host_fixture&) = delete;
  host_fixture& operator=(const host_fixture&) = delete;
  ~host_fixture() {
    stop();
    guard_.reset();
    context_.stop();
  }

  host& operator*() { return *host_; }
  host* operator->() { return host_.get(); }

  result<reply> call(const std::string& tenant, const std::string& task, const std::string& body = "{}") {
    return call(call_target{.tenant = tenant}, task, body);
  }
  result<reply> call(call_target target, const std::string& task, const std::string& body = "{}",
                     const std::string& principal = "") {
    return wait(start(std::move(target), task, body, principal));
  }
  std::future<result<reply>> start(call_target target, const std::string& task, const std::string& body = "{}",
                                   const std::string& principal = "") {
    call_request request{.task = task, .body = body, .context = {}};
    request.context.principal = principal;
    auto promise = std::make_shared<std::promise<result<reply>>>();
    host_->async_call(std::move(target), std::move(request),
                      [promise](result<reply> outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  }
  reload_report reload() { return wait(host_->async_reload(as_future)); }

  tenant_status status_of(const std::string& tenant) {
    for (const auto& each : host_->status().tenants) {
      if (each.tenant == tenant) return each;
    }
    return {};
  }

  std::vector<library_status> stop() {
    if (stopped_) return {};
    stopped_ = true;
    return wait(host_->async_shutdown(as_future));
  }

  std::string log() { return log_.read(); }

  template <class Value>
  static Value wait(std::future<Value> pending) {
    if (pending.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      throw std::runtime_error("expected an outcome within 60 s, found none");
    }
    return pending.get();
  }

  /// Polls until it holds, bounded.
  template <class Condition>
  static bool eventually(Condition holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  log_text log_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  std::unique_ptr<host> host_;
  std::vector<std::jthread> threads_;
  bool stopped_ = false;
};

}  // namespace tenon::testing
