#pragma once

#include "platform/plugin_platform.hpp"

#include <tenon/clock.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tenon {

/// The outcome of each tenant's last build or reload, for status; tells the log when a tenant's builds begin to fail
/// and when they work again.
///
/// Lifetime    The clock outlives it. Threads     Any, concurrently.
class build_ledger {
 public:
  struct line {
    std::weak_ptr<plugin_platform> platform;  ///< the last that was built, which need not be the one that serves
    std::string last_error;                   ///< of the last build, empty if it worked
    std::string kept_back;                    ///< why the configuration is not in force, empty if it is
    wall_time since;                          ///< when one of these last began or ceased to be empty

    bool in_trouble() const noexcept { return !last_error.empty() || !kept_back.empty(); }
  };

  explicit build_ledger(const clock& time, std::shared_ptr<spdlog::logger> logger = nullptr);

  void built(const std::string& tenant, const std::shared_ptr<plugin_platform>& platform);
  void failed(const std::string& tenant, std::string reason);
  void kept_back(const std::string& tenant, std::string reason);
  /// What the configuration wants is in force: whatever spoke against it is over.
  void in_force(const std::string& tenant);
  void forget(const std::string& tenant);
  /// Of a tenant that has none: an empty one, since the ledger was opened.
  line find(const std::string& tenant) const;

 private:
  enum class unknown : std::uint8_t { gets_a_line, left_alone };
  template <class Change>
  void change(const std::string& tenant, Change apply, unknown of_none = unknown::gets_a_line);

  const clock& time_;
  const std::shared_ptr<spdlog::logger> logger_;
  const wall_time opened_;
  mutable std::mutex mutex_;
  std::map<std::string, line, std::less<>> lines_;
};

}  // namespace tenon
