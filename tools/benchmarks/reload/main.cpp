// tools/bench reload: what requests notice while plugins and settings are replaced below them, and what tenants notice
// of a neighbour whose ad server fails. An open-loop load, in blocks with and without disturbances.

#include "../harness.hpp"
#include "disturbances.hpp"
#include "upstream.hpp"

#include "base/short_turns.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <thread>

namespace tenon::bench {
namespace {

constexpr std::uint32_t tenants = 8;
constexpr int blocks = 10;
constexpr int fault_blocks = 5;

struct wishes {
  options common;
  amounts whole = {};
  double per_second = 1'000;
  double block_seconds = 3;
};

/// --commit REV --json FILE --reloads N --drops N --edits N --rate N --seconds N
wishes read_wishes(int argc, char** argv) {
  wishes read{.common = read_options(argc, argv)};
  for (int at = 1; at + 1 < argc; at += 2) {
    const std::string option = argv[at];
    const double value = std::atof(argv[at + 1]);
    if (option == "--reloads") read.whole.reloads = static_cast<std::uint32_t>(value);
    if (option == "--drops") read.whole.drops = static_cast<std::uint32_t>(value);
    if (option == "--edits") read.whole.edits = static_cast<std::uint32_t>(value);
    if (option == "--rate") read.per_second = value;
    if (option == "--seconds") read.block_seconds = value;
  }
  return read;
}

/// The share of block `number` of a whole, so that all blocks together have all of it.
std::uint32_t share(std::uint32_t whole, int number) {
  const auto until = [whole](int blocks_done) { return whole * static_cast<std::uint32_t>(blocks_done) / blocks; };
  return until(number + 1) - until(number);
}

std::vector<double> latencies(const std::vector<sample>& of, const std::function<bool(const sample&)>& wanted) {
  std::vector<double> found;
  for (const auto& each : of)
    if (wanted(each)) found.push_back(each.latency_ms());
  return found;
}

bool any_sample(const sample&) { return true; }

/// The p99 of blocks that are alike, against each other: what the machine itself makes of it.
double spread(const std::vector<double>& p99s) {
  const auto [least, most] = std::ranges::minmax(p99s);
  return most / least;
}

class bench {
 public:
  explicit bench(const wishes& asked) : asked_(asked), report_("reload", asked.common.commit) {}

  int run() {
    replace();
    annoy();
    report_.add("failed_requests", static_cast<double>(failed_));  // of both
    report_.add("wrong_generation", static_cast<double>(wrong_));
    const auto left = world_.stop();
    report_.add("unproven_unloads", static_cast<double>(left));
    const int delivered = deliver(report_, asked_.common);
    for (const auto& [why, count] : failures_) std::printf("%llu x %s\n", count, why.c_str());
    const bool sound = failed_ == 0 && wrong_ == 0 && left == 0 && failures_.empty();
    if (!sound) std::printf("bench: a request failed, was served by what was not current, or something did not go\n");
    return sound ? delivered : EXIT_FAILURE;
  }

 private:
  /// Blocks in which plugins and settings are replaced, and as many in which nothing is.
  void replace() {
    open_loop load(world_.serving(), world_.tenants(), asked_.per_second,
                   [](std::uint32_t) { return call_request{.task = "get_products", .body = "{}", .context = {}}; });
    history past;
    for (std::uint32_t number = 0; number < tenants; ++number) past.begin(number, {"1.0.0", world_.tenants()[number]});
    load.run(std::chrono::seconds(1));  // everything is loaded and warm
    disturbances trouble(world_, past);
    std::vector<sample> quiet;
    std::vector<double> quiet_p99s;
    std::vector<sample> disturbed;
    std::uint64_t warm_kb = 0;
    for (int number = 0; number < blocks; ++number) {
      keep(quiet, quiet_block(load, quiet_p99s));
      keep(disturbed, disturbed_block(load, trouble, number));
      if (number == 0) warm_kb = resident_kb();
    }
    const auto overlapping = latencies(disturbed, [&](const sample& each) {
      return std::ranges::any_of(trouble.times(), [&](const interval& time) { return time.meets(each.time); });
    });
    for (const auto* part : {&quiet, &disturbed}) judge(*part, past);
    for (const auto& surprise : trouble.surprises()) ++failures_[surprise];

    const auto quiet_ms = latencies(quiet, any_sample);
    report_.add("requests", static_cast<double>(quiet.size() + disturbed.size()));
    report_.add("reloads", trouble.done().reloads);
    report_.add("drops", trouble.done().drops);
    report_.add("bad_drops", trouble.bad_drops());
    report_.add("edits", trouble.done().edits);
    report_.add("quiet_p99_ms", quantile_ms(quiet_ms, 0.99));
    report_.add("quiet_p99_spread", spread(quiet_p99s));
    report_.add("overlapping_requests", static_cast<double>(overlapping.size()));
    report_.add("overlapping_p99_ms", quantile_ms(overlapping, 0.99));
    report_.add("p99_ratio", quantile_ms(overlapping, 0.99) / quantile_ms(quiet_ms, 0.99));
    report_.add("quiet_max_ms", quantile_ms(quiet_ms, 1));
    report_.add("max_ms", quantile_ms(overlapping, 1));
    report_.add("rss_growth_kb", static_cast<double>(resident_kb()) - static_cast<double>(warm_kb));
  }

  /// Blocks in which one tenant's ad server fails, and as many in which it does not.
  void annoy() {
    const auto origin = upstream_.origin();
    open_loop load(world_.serving(), world_.tenants(), asked_.per_second, [&origin](std::uint32_t tenant) {
      const auto* const path = tenant == 0 ? "/faulty" : "/sound";
      return call_request{.task = "get_products", .body = "{\"fetch\":\"" + origin + path + "\"}", .context = {}};
    });
    const auto is_neighbour = [](const sample& each) { return each.tenant != 0; };
    load.run(std::chrono::seconds(1));
    std::vector<double> quiet;
    std::vector<double> quiet_p99s;
    std::vector<double> beside;
    for (int number = 0; number < fault_blocks; ++number) {
      for (const bool failing : {false, true}) {
        upstream_.fail(failing);
        const auto samples = load.run(block());
        const auto found = latencies(samples, is_neighbour);
        auto& into = failing ? beside : quiet;
        into.insert(into.end(), found.begin(), found.end());
        if (!failing) quiet_p99s.push_back(quantile_ms(found, 0.99));
        for (const auto& each : samples)
          if (is_neighbour(each) && !each.ok) ++failed_, ++failures_["beside a failing tenant: " + each.failure];
      }
      upstream_.fail(false);
      settle(load);
    }
    report_.add("neighbour_p99_ms", quantile_ms(beside, 0.99));
    report_.add("neighbour_quiet_p99_spread", spread(quiet_p99s));
    report_.add("neighbour_p99_ratio", quantile_ms(beside, 0.99) / quantile_ms(quiet, 0.99));
  }

  /// Until the tenant that was in trouble is out of it.
  static void settle(open_loop& load) { load.run(std::chrono::seconds(2)); }

  std::chrono::nanoseconds block() const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(asked_.block_seconds * 1e9));
  }

  std::vector<sample> quiet_block(open_loop& load, std::vector<double>& p99s) const {
    auto samples = load.run(block());
    p99s.push_back(quantile_ms(latencies(samples, any_sample), 0.99));
    return samples;
  }

  std::vector<sample> disturbed_block(open_loop& load, disturbances& trouble, int number) const {
    std::atomic<bool> busy = true;
    std::jthread operators([&] {
      take_short_turns();  // an operator's commands are not the host's threads
      trouble.run({.reloads = share(asked_.whole.reloads, number),
                   .drops = share(asked_.whole.drops, number),
                   .edits = share(asked_.whole.edits, number)});
      busy = false;
    });
    return load.run_while([&busy] { return busy.load(); });
  }

  static void keep(std::vector<sample>& into, std::vector<sample> more) {
    into.insert(into.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }

  void judge(const std::vector<sample>& samples, const history& past) {
    for (const auto& each : samples) {
      if (!each.ok) {
        ++failed_;
        ++failures_[each.failure];
      } else if (!past.explains(each)) {
        ++wrong_;
        ++failures_["answered by " + each.version + " with settings " + each.tag + ", which were not current"];
      }
    }
  }

  const wishes asked_;
  report report_;
  faulty_upstream upstream_;
  reload_world world_{tenants, upstream_.origin()};
  std::uint64_t failed_ = 0;
  std::uint64_t wrong_ = 0;
  std::map<std::string, unsigned long long> failures_;
};

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) { return tenon::bench::bench(tenon::bench::read_wishes(argc, argv)).run(); }
