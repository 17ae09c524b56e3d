#pragma once

#include "platform/plugin_platform.hpp"
#include "reload/build_ledger.hpp"
#include "reload/deployment.hpp"

#include <tenon/router.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace tenon {

/// The end of a build.
struct build_outcome {
  result<std::shared_ptr<plugin_platform>> platform;
  build_step reached = build_step::settings;  ///< in which it failed, if it did
};

std::string_view to_string(build_step value) noexcept;

/// Who serves while a successor is built; null: it has gone.
struct predecessor {
  std::shared_ptr<plugin_platform> platform;
  std::shared_ptr<const tenant_entry> entry;
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

  /// Builds what is to take the place of a platform that serves, from a deployment that is not in force (yet). A plugin
  /// that can say so is asked whether the new platform is well, and the old one what it leaves to it, if plugin,
  /// settings and the text of every secret are the same. The reloader's way.
  void build_successor(std::shared_ptr<const deployment> source, predecessor before, std::stop_token stop,
                       unique_function<void(build_outcome)> done);

  /// A print of what a tenant's secrets are now: the same for the same texts, of no use outside this process, and empty
  /// if one cannot be read. Blocks on files.
  std::string print_secrets(const tenant_entry& entry) const;

 private:
  platform_recipe recipe_for(const deployment& source);
  void build_from(platform_recipe recipe, std::stop_token stop, unique_function<void(build_outcome)> done);
  result<std::shared_ptr<const deployment>> buildable(const std::string& tenant) const;
  std::string print(const std::map<std::string, std::string>& texts) const;

  const std::shared_ptr<const platform_environment> environment_;
  const std::shared_ptr<deployment_table> deployments_;
  const std::shared_ptr<build_ledger> ledger_;
  const std::string salt_;  ///< of prints: they tell nobody a short secret
};

/// Makes the print of the texts by their names.
using secret_printer = std::function<std::string(const std::map<std::string, std::string>&)>;

/// Reads the text of every secret. Errors (CONFIGURATION_ERROR): which setting, which file or variable, and what to do;
/// never the text.
result<std::shared_ptr<const secret_texts>> read_secrets(const tenant_entry& entry, const secret_printer& print = {});

}  // namespace tenon
