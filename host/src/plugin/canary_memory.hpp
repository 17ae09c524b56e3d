#pragma once

#include "plugin/canary.hpp"

#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tenon {

/// What canaries found, by everything that their finding depends on.
struct canary_key {
  std::string content_hash;       ///< of the plugin
  std::filesystem::path program;  ///< of the canary: another build of it may find something else
  canary_limits limits;

  /// 64 hex digits. Cost: a hash and a stat().
  std::string digest() const;
};

/// Remembers what canaries found, in memory and in files `<content hash>.canary` of a directory that only we write to.
///
/// Threads     Any, concurrently: whoever asks for a finding that another thread is waiting for waits for the same.
class canary_memory {
 public:
  using run = std::function<result<canary_report>()>;

  struct answer {
    result<canary_report> found;
    bool remembered = false;
  };

  /// What is remembered, or else what `ask` finds. Errors of `ask` are not remembered; whoever waits for the same gets
  /// them too. What `ask` throws is for its own caller; who waits is told that the run broke off.
  answer recall(const canary_key& key, const std::filesystem::path& directory, const run& ask);

 private:
  using finding = std::shared_future<result<canary_report>>;

  answer find(const canary_key& key, const std::string& digest, const std::filesystem::path& directory, const run& ask,
              std::promise<result<canary_report>>& told);
  void forget(const std::string& digest);
  void forget_some();

  std::mutex mutex_;
  std::map<std::string, finding> findings_;  ///< by digest
};

}  // namespace tenon
