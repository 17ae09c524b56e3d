#pragma once

#include "platform/plugin_platform.hpp"
#include "reload/deployment.hpp"

#include <tenon/router.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tenon {

/// The outcome of each tenant's last build or reload, for status.
///
/// Threads     Any, concurrently.
class build_ledger {
 public:
  struct line {
    std::weak_ptr<plugin_platform> platform;  ///< the last that was built
    std::string last_error;                   ///< of the last build, empty if it worked
    std::string kept_back;                    ///< why the configuration is not in force, empty if it is
  };

  void built(const std::string& tenant, const std::shared_ptr<plugin_platform>& platform);
  void failed(const std::string& tenant, std::string reason);
  void kept_back(const std::string& tenant, std::string reason);
  /// What the configuration wants is in force: whatever spoke against it is over.
  void in_force(const std::string& tenant);
  void forget(const std::string& tenant);
  line find(const std::string& tenant) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, line, std::less<>> lines_;
};

/// Builds platforms from deployments: reads the secrets, loads the library, creates the instance.
///
/// Threads     Any, concurrently. Secrets are read on the blocking executor.
class plugin_factory final : public factory, public std::enable_shared_from_this<plugin_factory> {
 public:
  plugin_factory(std::shared_ptr<const platform_environment> environment, std::shared_ptr<deployment_table> deployments,
                 std::shared_ptr<build_ledger> ledger);

  void build(std::string tenant, std::stop_token stop, build_handler done) override;
  result<std::optional<bool>> foresees(const std::string& tenant, std::string_view task) const override;

  /// Builds from a deployment that is not in force (yet). The reloader's way.
  void build_from(std::shared_ptr<const deployment> source, std::stop_token stop, plugin_platform_handler done);

 private:
  result<std::shared_ptr<const deployment>> buildable(const std::string& tenant) const;

  const std::shared_ptr<const platform_environment> environment_;
  const std::shared_ptr<deployment_table> deployments_;
  const std::shared_ptr<build_ledger> ledger_;
};

/// Reads the text of every secret. Errors (CONFIGURATION_ERROR): which setting, which file or variable, and what to do;
/// never the text.
result<std::shared_ptr<const secret_texts>> read_secrets(const tenant_entry& entry);

}  // namespace tenon
