// tools/bench loading: what it costs to check, try, load and unload a plugin while 1, 100 and 1 000 libraries are
// loaded, and what ten thousand reloads leave behind. The plugin measured is echo; the libraries beside it are copies
// of echo_c, each isolated.

#include "harness.hpp"

#include "platform/plugin_platform.hpp"
#include "plugin/admission.hpp"
#include "plugin/library.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <string>

namespace tenon::bench {
namespace {

namespace fs = std::filesystem;

constexpr int runs = 7;
constexpr int warm_cycles = 100;
constexpr int cycles = 10'000;

template <class Value>
Value need(result<Value> outcome) {
  if (outcome) return std::move(*outcome);
  std::cerr << "bench: " << outcome.error() << '\n';
  std::exit(EXIT_FAILURE);
}

/// A store and a loader on it, gone at the end.
class loading_place {
 public:
  loading_place() : root_(fs::temp_directory_path() / ("tenon-bench-" + std::to_string(getpid()))) {}
  loading_place(const loading_place&) = delete;
  loading_place& operator=(const loading_place&) = delete;
  ~loading_place() {
    code_->stop();
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  std::shared_ptr<const plugin_image> image(const fs::path& plugins, const std::string& name) {
    return need(store_->put(need(open_candidate({plugins}, name))));
  }

  std::shared_ptr<library> load(const std::shared_ptr<const plugin_image>& image,
                                const std::string& isolated_for = {}) {
    std::promise<result<std::shared_ptr<library>>> promise;
    auto future = promise.get_future();
    code_->load(image, isolated_for, [&](auto loaded) { promise.set_value(std::move(loaded)); });
    return need(future.get());
  }

  /// Until what was dropped is unmapped.
  void settle() {
    std::promise<void> promise;
    code_->post([&] { promise.set_value(); });
    promise.get_future().get();
  }

  const loader& code() const { return *code_; }

 private:
  const fs::path root_;
  const std::shared_ptr<plugin_store> store_ = need(plugin_store::open(root_));
  const std::shared_ptr<loader> code_ = loader::make(
      plugin_host_table(), std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>()));
};

std::size_t lines_of(const char* file) {
  std::ifstream in(file);
  std::size_t count = 0;
  for (std::string line; std::getline(in, line);) ++count;
  return count;
}

std::size_t descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

double resident_kb() {
  std::ifstream in("/proc/self/statm");
  double total = 0, resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

void measure_steps(loading_place& place, const fs::path& plugins, const std::shared_ptr<const plugin_image>& echo,
                   const fs::path& canary, const std::string& suffix, report& into) {
  const auto file = need(open_candidate({plugins}, "echo"));
  for (int run = 0; run < runs; ++run) {
    into.add("gate_us" + suffix, nanoseconds([&] { need(check_candidate(file)); }) / 1e3);
    into.add("canary_ms" + suffix, nanoseconds([&] { need(run_canary(canary, echo->stored)); }) / 1e6);
    std::shared_ptr<library> loaded;
    into.add("load_us" + suffix, nanoseconds([&] { loaded = place.load(echo); }) / 1e3);
    into.add("unload_us" + suffix, nanoseconds([&] {
                                     loaded.reset();
                                     place.settle();
                                   }) / 1e3);
  }
}

void measure_cycles(loading_place& place, const std::shared_ptr<const plugin_image>& echo, report& into) {
  const auto cycle = [&](int count) {
    for (int i = 0; i < count; ++i) place.load(echo);
    place.settle();
  };
  cycle(warm_cycles);
  const auto maps = lines_of("/proc/self/maps");
  const auto open = descriptors();
  const auto resident = resident_kb();
  cycle(cycles);
  into.add("cycles", cycles);
  into.add("maps_growth", static_cast<double>(lines_of("/proc/self/maps")) - static_cast<double>(maps));
  into.add("fds_growth", static_cast<double>(descriptors()) - static_cast<double>(open));
  into.add("rss_growth_kb", resident_kb() - resident);
  double zombies = 0;
  for (const auto& each : place.code().status()) zombies += each.state == "zombie" ? 1 : 0;
  into.add("zombies", zombies);
}

int run(const options& asked) {
  const auto programs = fs::canonical("/proc/self/exe").parent_path();
  const auto plugins = programs.parent_path() / "plugins";
  const auto canary = need(find_canary({}, programs / "tenon-canary"));
  report into("loading", asked.commit);
  loading_place place;
  const auto echo = place.image(plugins, "echo");
  const auto small = place.image(plugins, "echo_c");
  measure_cycles(place, echo, into);
  std::vector<std::shared_ptr<library>> beside;
  for (const std::size_t count : {1, 100, 1'000}) {
    while (beside.size() < count) beside.push_back(place.load(small, "tenant-" + std::to_string(beside.size())));
    measure_steps(place, plugins, echo, canary, "_at_" + std::to_string(count), into);
  }
  beside.clear();
  return deliver(into, asked);
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) { return tenon::bench::run(tenon::bench::read_options(argc, argv)); }
