#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Collects figures of several runs and reports the median of each with its spread.
namespace tenon::bench {

class report {
 public:
  report(std::string name, std::string commit) : name_(std::move(name)), commit_(std::move(commit)) {}

  /// One run's value of a figure. The unit is the end of the key.
  void add(const std::string& key, double value) {
    if (!samples_.contains(key)) order_.push_back(key);
    samples_[key].push_back(value);
  }

  double median(const std::string& key) const { return median(sorted_samples(key)); }

  /// The median of what one figure is to another, run by run.
  double ratio(const std::string& key, const std::string& to) const {
    const auto& divisors = samples_.at(to);
    auto ratios = samples_.at(key);
    for (std::size_t run = 0; run < ratios.size(); ++run) ratios[run] /= divisors[run];
    std::ranges::sort(ratios);
    return median(ratios);
  }

  void print() const {
    std::printf("%-28s %14s %14s %14s %6s\n", name_.c_str(), "median", "min", "max", "runs");
    for (const auto& key : order_) {
      const auto sorted = sorted_samples(key);
      std::printf("%-28s %14.2f %14.2f %14.2f %6zu\n", key.c_str(), median(sorted), sorted.front(), sorted.back(),
                  sorted.size());
    }
    std::printf("machine: %s; commit %s\n", machine().c_str(), commit_.c_str());
  }

  /// False if the file cannot be written.
  bool write_json(const std::string& file) const {
    std::ofstream out(file);
    out << "{\"name\": \"" << name_ << "\", \"machine\": \"" << machine() << "\", \"commit\": \"" << commit_
        << "\", \"metrics\": {";
    const char* separator = "";
    for (const auto& key : order_) {
      const auto sorted = sorted_samples(key);
      out << separator << '"' << key << "\": " << median(sorted) << ", \"" << key << "_min\": " << sorted.front()
          << ", \"" << key << "_max\": " << sorted.back();
      separator = ", ";
    }
    out << "}}\n";
    out.close();
    return !out.fail();
  }

 private:
  std::vector<double> sorted_samples(const std::string& key) const {
    auto sorted = samples_.at(key);
    std::ranges::sort(sorted);
    return sorted;
  }

  static double median(const std::vector<double>& sorted) {
    const auto middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  static std::string machine() {
    std::ifstream info("/proc/cpuinfo");
    std::string line;
    std::string model = "unknown processor";
    while (std::getline(info, line)) {
      if (!line.starts_with("model name")) continue;
      if (const auto colon = line.find(": "); colon != std::string::npos) model = line.substr(colon + 2);
      break;
    }
    return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
  }

  std::string name_;
  std::string commit_;
  std::vector<std::string> order_;
  std::map<std::string, std::vector<double>> samples_;
};

/// The options of every benchmark: --commit REV --json FILE.
struct options {
  std::string commit = "unknown";
  std::string json;
};

inline options read_options(int argc, char** argv) {
  options read;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--commit") read.commit = argv[i + 1];
    if (option == "--json") read.json = argv[i + 1];
  }
  return read;
}

/// Prints the table and writes the file that was asked for; the exit code.
inline int deliver(const report& made, const options& asked) {
  made.print();
  if (asked.json.empty() || made.write_json(asked.json)) return EXIT_SUCCESS;
  std::fprintf(stderr, "bench: expected to write %s, found that it cannot be written\n", asked.json.c_str());
  return EXIT_FAILURE;
}

/// Nanoseconds that one call of `work` takes.
template <class Work>
double nanoseconds(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace tenon::bench
