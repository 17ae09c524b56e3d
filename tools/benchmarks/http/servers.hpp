#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// The two servers that bench_http compares, each a child process on one core.
namespace tenon::bench {

/// A directory of its own, removed with all that is in it.
class scratch_directory {
 public:
  scratch_directory();
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// A program that runs on one core, all its threads, until this is dropped. What it says goes to a file.
///
/// Errors      std::runtime_error: it cannot be started.
class child_process {
 public:
  child_process(std::vector<std::string> command, int core, std::filesystem::path log);
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();

  bool runs() const;

  /// Throws with the end of what it said, unless it still runs.
  void expect_running() const;

  /// Seconds of processor time that it and the children that it has now have used.
  double processor_seconds() const;

  /// The memory that it has to itself or shares, in KiB (Rss of /proc/PID/smaps_rollup).
  double resident_kb() const;

 private:
  std::vector<pid_t> family() const;

  pid_t pid_ = -1;
  std::filesystem::path log_;
};

/// tenond with one tenant, "bench", on the plugin echo. One thread, as nginx has one worker.
class tenond_server {
 public:
  tenond_server(const std::filesystem::path& root, std::uint32_t connections, int core);

  const child_process& process() const noexcept { return process_; }
  std::uint16_t port() const noexcept { return port_; }
  static const char* token() noexcept { return "bench-token"; }

 private:
  child_process process_;
  std::uint16_t port_;
};

/// nginx with one worker that serves `body` at /answer.json.
class nginx_server {
 public:
  nginx_server(const std::filesystem::path& root, const std::string& body, int core);

  const child_process& process() const noexcept { return process_; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  std::uint16_t port_;
  child_process process_;
};

}  // namespace tenon::bench
