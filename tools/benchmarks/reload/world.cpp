#include "world.hpp"

#include <boost/asio/use_future.hpp>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace tenon::bench {
namespace {

namespace fs = std::filesystem;

constexpr int threads = 2;

fs::path own_directory() { return fs::canonical("/proc/self/exe").parent_path().parent_path(); }

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace

reload_world::reload_world(std::uint32_t tenants, const std::string& upstream)
    : root_(fs::temp_directory_path() / ("tenon-bench-reload-" + std::to_string(getpid()))), upstream_(upstream) {
  fs::create_directories(root_ / "plugins");
  fs::create_directories(root_ / "tenants.d");
  echoes_[0] = content_of(own_directory() / "plugins" / "echo.so");
  echoes_[1] = content_of(own_directory() / "plugins-next" / "echo.so");
  write(plugin(), echoes_[0]);
  write(root_ / "tenon.toml",
        "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\nwatch = true\nwatch_settle_ms = 20\n"
        "[cache]\ncold_start = \"coalesce\"\n");
  for (std::uint32_t number = 0; number < tenants; ++number) {
    names_.push_back("t" + std::to_string(number));
    write_tenant(number, names_.back());
  }
  auto log = std::make_shared<spdlog::logger>(
      "host", std::make_shared<spdlog::sinks::basic_file_sink_mt>((root_ / "log").string()));
  auto made = host::create(context_.get_executor(), {.config = root_ / "tenon.toml", .logger = std::move(log)});
  if (!made) {
    std::cerr << "bench: " << made.error() << '\n';
    std::exit(EXIT_FAILURE);
  }
  host_ = std::move(*made);
  for (int count = 0; count < threads; ++count) threads_.emplace_back([this] { context_.run(); });
}

reload_world::~reload_world() {
  stop();
  guard_.reset();
  threads_.clear();
  host_.reset();
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void reload_world::write_tenant(std::uint32_t tenant, const std::string& tag) const {
  write(root_ / "tenants.d" / (names_.at(tenant) + ".toml"),
        "plugin = \"echo\"\nsettings = { tag = \"" + tag + "\", upstream = \"" + upstream_ + "\" }\n");
}

reload_report reload_world::reload(reload_request request) {
  return host_->async_reload(std::move(request), boost::asio::use_future).get();
}

std::string reload_world::fresh_plugin(int version) {
  // What stands behind the tables of an ELF file is not looked at, but counts for its hash.
  const auto number = std::to_string(++copies_);
  return echoes_[version - 1] + std::string(16 - std::min<std::size_t>(number.size(), 16), '0') + number;
}

std::size_t reload_world::stop() {
  if (std::exchange(stopped_, true)) return 0;
  return host_->async_shutdown(boost::asio::use_future).get().size();
}

void history::begin(std::uint32_t tenant, state first) {
  by_tenant_[tenant] = {{std::move(first), {.from = instant::min(), .to = instant::max()}}};
}

void history::changed(std::uint32_t tenant, state next, const interval& when) {
  auto& entries = by_tenant_.at(tenant);
  entries.back().time.to = when.to;
  entries.push_back({std::move(next), {.from = when.from, .to = instant::max()}});
}

bool history::explains(const sample& answered) const {
  return std::ranges::any_of(by_tenant_.at(answered.tenant), [&](const entry& each) {
    return each.what == state(answered.version, answered.tag) && each.time.meets(answered.time);
  });
}

std::uint64_t resident_kb() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace tenon::bench
