// tools/bench router: what a hit, a call, a first request and a start cost. Every figure is measured several times; a
// start is measured in a process of its own, so that nothing is warm.

#include "allocations.hpp"
#include "harness.hpp"

#include "platform/plugin_platform.hpp"

#include <tenon/host.hpp>

#include <boost/asio/io_context.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <unistd.h>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

namespace tenon::bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr int runs = 7;
constexpr int hits = 200'000;
constexpr int calls = 20'000;

std::shared_ptr<spdlog::logger> silent() {
  return std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
}

/// A directory with a configuration of so many tenants, removed at the end.
class workspace {
 public:
  workspace(const fs::path& plugins, int tenants) : root_(fs::temp_directory_path() / pattern()) {
    fs::create_directories(root_ / "tenants.d");
    std::ofstream main(root_ / "tenon.toml");
    main << "[host]\nplugin_dirs = [\"" << plugins.string() << "\"]\nstore_dir = \"store\"\n"
         << "[cache]\nsize = 256\nttl_seconds = 3600\ncold_start = \"coalesce\"\n";
    for (int i = 0; i < tenants; ++i) {
      std::ofstream tenant(root_ / "tenants.d" / ("tenant-" + std::to_string(i) + ".toml"));
      tenant << "plugin = \"echo\"\naccounts = [{ id = \"account-" << i << "\" }]\nhosts = [\"t" << i
             << ".example.com\"]\nspecialisms = [\"sales-non-guaranteed\"]\nsettings = { tag = \"t" << i << "\" }\n";
    }
  }
  workspace(const workspace&) = delete;
  workspace& operator=(const workspace&) = delete;
  ~workspace() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  fs::path config() const { return root_ / "tenon.toml"; }

 private:
  static std::string pattern() {
    static int count = 0;
    return "tenon-bench-" + std::to_string(getpid()) + "-" + std::to_string(count++);
  }

  fs::path root_;
};

/// A host on an io_context that this thread runs while it waits.
class running_host {
 public:
  explicit running_host(const fs::path& config) {
    auto made = host::create(context_.get_executor(), {.config = config, .logger = silent()});
    if (!made) {
      std::cerr << "bench: " << made.error() << '\n';
      std::exit(EXIT_FAILURE);
    }
    host_ = std::move(*made);
  }

  host& get() { return *host_; }

  void call(const std::string& account) {
    bool answered = false;
    call_request request{.task = "get_products", .body = "{\"buying_mode\":\"brief\"}", .context = {}};
    host_->async_call({.account = {.account_id = account}}, std::move(request), [&](const result<reply>& outcome) {
      if (!outcome) {
        std::cerr << "bench: " << outcome.error() << '\n';
        std::exit(EXIT_FAILURE);
      }
      answered = true;
    });
    run_until(answered);
  }

  void shut_down() {
    bool done = false;
    host_->async_shutdown([&](const std::vector<library_status>&) { done = true; });
    run_until(done);
  }

 private:
  void run_until(const bool& reached) {
    while (!reached) {
      context_.restart();
      context_.run_one_for(std::chrono::seconds(30));
    }
  }

  boost::asio::io_context context_;
  std::unique_ptr<host> host_;
};

void measure_hits(running_host& running, report& into) {
  auto& router = running.get().router();
  const auto loop = [&router](const std::string& tenant) {
    for (int i = 0; i < hits; ++i) {
      if (!router.cached_platform(tenant)) std::abort();
    }
  };
  running.call("account-0");
  running.call("account-1");
  for (int run = 0; run < runs; ++run) {
    into.add("resolve_hit_1t_ns", nanoseconds([&] { loop("tenant-0"); }) / hits);
  }
  for (int run = 0; run < runs; ++run) {
    std::barrier together(3);
    const auto worker = [&](const std::string& tenant) {
      together.arrive_and_wait();
      loop(tenant);
      together.arrive_and_wait();
    };
    std::jthread first(worker, "tenant-0");
    std::jthread second(worker, "tenant-1");
    together.arrive_and_wait();
    into.add("resolve_hit_2t_ns", nanoseconds([&] { together.arrive_and_wait(); }) / hits);
  }
}

void measure_calls(running_host& running, report& into) {
  running.call("account-0");
  for (int run = 0; run < runs; ++run) {
    const auto before = allocations();
    const auto took = nanoseconds([&] {
      for (int i = 0; i < calls; ++i) running.call("account-0");
    });
    into.add("call_echo_ns", took / calls);
    into.add("call_echo_allocations", static_cast<double>(allocations() - before) / calls);
  }
}

double microseconds(std::chrono::nanoseconds value) { return static_cast<double>(value.count()) / 1000; }

/// The parts of a first request, each through the module that does it, and the whole through the host.
void measure_first_request(const fs::path& plugins, report& into) {
  for (int run = 0; run < runs; ++run) {
    workspace place(plugins, 1);
    running_host running(place.config());
    into.add("first_request_us", nanoseconds([&] { running.call("account-0"); }) / 1000);
    {
      const auto platform =
          std::dynamic_pointer_cast<plugin_platform>(running.get().router().cached_platform("tenant-0"));
      into.add("first_create_us", microseconds(platform->timing().create));
    }
    running.shut_down();
  }
  for (int run = 0; run < runs; ++run) {
    workspace place(plugins, 0);
    const auto file = open_candidate({plugins}, "echo").value();
    into.add("first_gate_us", nanoseconds([&] { check_candidate(file).value(); }) / 1000);
    const auto store = plugin_store::open(place.config().parent_path() / "parts").value();
    std::shared_ptr<const plugin_image> image;
    into.add("first_copy_us", nanoseconds([&] { image = store->put(file).value(); }) / 1000);
    const auto loading = loader::make(plugin_host_table(), silent());
    std::atomic<bool> loaded = false;
    loading->load(image, [&](const result<std::shared_ptr<library>>& got) {
      if (!got) std::abort();
      loaded = true;
      loaded.notify_all();
    });
    loaded.wait(false);
    into.add("first_dlopen_us", microseconds(loading->last_timing().map));
    into.add("first_handshake_us", microseconds(loading->last_timing().handshake));
    loading->stop();
  }
}

double resident_mb() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// In a process of its own: starts a host, prints milliseconds, megabytes and how many files of the store are mapped.
int boot(const fs::path& config) {
  boost::asio::io_context context;
  std::unique_ptr<host> made;
  const auto took = nanoseconds(
      [&] { made = std::move(*host::create(context.get_executor(), {.config = config, .logger = silent()})); });
  std::ifstream maps("/proc/self/maps");
  std::string line;
  int mapped = 0;
  const auto store = (config.parent_path() / "store").string();
  while (std::getline(maps, line)) mapped += line.find(store) != std::string::npos ? 1 : 0;
  if (!made) return EXIT_FAILURE;
  std::cout << took / 1e6 << ' ' << resident_mb() << ' ' << mapped << '\n';
  return EXIT_SUCCESS;
}

void measure_boots(const std::string& self, const fs::path& plugins, report& into) {
  for (const int tenants : {10, 1000, 10'000}) {
    workspace place(plugins, tenants);
    for (int run = 0; run < runs; ++run) {
      const auto command = self + " --boot " + place.config().string();
      FILE* child = popen(command.c_str(), "r");
      double took = 0;
      double memory = 0;
      int mapped = -1;
      const bool read = child != nullptr && std::fscanf(child, "%lf %lf %d", &took, &memory, &mapped) == 3;
      if (child == nullptr || pclose(child) != 0 || !read) {
        std::cerr << "bench: the start with " << tenants << " tenants failed\n";
        std::exit(EXIT_FAILURE);
      }
      into.add("boot_" + std::to_string(tenants) + "_ms", took);
      if (tenants != 10'000) continue;
      into.add("rss_10000_mb", memory);
      into.add("mapped_plugins_after_boot", mapped);
    }
  }
}

int run(const std::string& self, const options& asked) {
  const auto plugins = fs::canonical("/proc/self/exe").parent_path().parent_path() / "plugins";
  report into("router", asked.commit);
  {
    workspace place(plugins, 2);
    running_host running(place.config());
    measure_hits(running, into);
    measure_calls(running, into);
    running.shut_down();
  }
  measure_first_request(plugins, into);
  measure_boots(self, plugins, into);
  return deliver(into, asked);
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--boot") return tenon::bench::boot(argv[2]);
  const auto self = std::filesystem::canonical("/proc/self/exe").string();
  return tenon::bench::run(self, tenon::bench::read_options(argc, argv));
}
