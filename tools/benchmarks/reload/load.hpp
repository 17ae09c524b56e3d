#pragma once

#include <tenon/host.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tenon::bench {

using bench_clock = std::chrono::steady_clock;
using instant = bench_clock::time_point;

struct interval {
  instant from;
  instant to;

  bool meets(const interval& other) const { return from <= other.to && other.from <= to; }
};

/// One request, as it went.
struct sample {
  std::uint32_t tenant = 0;
  bool ok = false;
  interval time;        ///< from when it was to be sent, however late it was
  std::string version;  ///< of the code that answered
  std::string tag;      ///< of the settings that it was built with
  std::string failure;  ///< code and detail

  double latency_ms() const { return std::chrono::duration<double, std::milli>(time.to - time.from).count(); }
};

/// An open-loop load: requests are sent at fixed times, whatever became of those before, and their latency counts from
/// the time at which they were to be sent. So a stall is seen by every request that it delays, not by one.
class open_loop {
 public:
  /// What tenant `number` is asked.
  using question = std::function<call_request(std::uint32_t tenant)>;

  open_loop(host& target, std::vector<std::string> tenants, double per_second, question ask);

  /// Sends for `time`, to one tenant after the other, and waits for the answers.
  std::vector<sample> run(std::chrono::nanoseconds time);

  /// The same for as long as `busy` says so, which is asked before each request.
  std::vector<sample> run_while(const std::function<bool()>& busy);

 private:
  host& target_;
  const std::vector<std::string> tenants_;
  const std::chrono::nanoseconds between_;
  const question ask_;
};

/// The latency that this part of the samples has at most; 0 if there are none.
double quantile_ms(std::vector<double> latencies, double part);

}  // namespace tenon::bench
