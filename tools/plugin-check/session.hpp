#pragma once

#include "check_case.hpp"
#include "checking_host.hpp"

#include "plugin/manifest.hpp"
#include "plugin/mapping.hpp"

#include <tenon/abi/plugin.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tenon::plugin_check {

/// The note in a copy of the plugin. Only after the static cases passed.
manifest read_note(const std::filesystem::path& copy);

/// One mapped generation of a plugin. Each step is announced before it is taken; one that fails ends the case.
///
/// Lifetime    Borrows the workbench. What is dropped without unmap() stays mapped.
class generation {
 public:
  /// Maps it and finds the entry, of which nothing is checked.
  generation(workbench& bench, const std::filesystem::path& copy);

  const tenon_plugin& entry() const noexcept { return *entry_; }
  const mapping& mapped() const noexcept { return mapped_; }

  tenon_status try_init(const tenon_host& table);
  void init(const tenon_host& table);
  void deinit();
  void unmap();

 private:
  workbench& bench_;
  mapping mapped_;
  const tenon_plugin* entry_ = nullptr;
};

/// One platform of a generation, and what became of its calls.
class session {
 public:
  session(workbench& bench, const generation& of, checking_host& host, const manifest& note, std::string tenant);

  /// False: create() refused. The instance, where there is one, is not ready yet.
  bool create();
  /// create(), and everything that it waits for. Whether calls may come; `unready()` says why not.
  bool open();
  const std::string& unready() const noexcept { return unready_; }
  /// open(), or the case is skipped.
  void must_open();

  tenon_instance* instance() const noexcept { return instance_; }
  tenon_ctx* ctx() const noexcept { return ctx_; }
  tenon_token ready() const noexcept { return ready_; }

  struct started {
    std::string task;
    tenon_token token = 0;
    tenon_status status = TENON_OK;
    bool inline_answer = false;
  };
  /// Enters call(). Runs nothing of what it starts.
  started start(const std::string& task, std::string_view request = "{}");
  void cancel(tenon_token token);
  /// Runs what the call waits for.
  void finish(tenon_token token);

  /// Everything open ends, then destroy(). Nothing if there is no instance.
  void destroy();

 private:
  workbench& bench_;
  const generation& of_;
  checking_host& host_;
  const manifest& note_;
  std::string tenant_;
  tenon_ctx* ctx_;
  tenon_token ready_;
  tenon_instance* instance_ = nullptr;
  std::string unready_;
};

/// A host, one generation and one platform: what most cases begin with.
struct stage {
  explicit stage(workbench& bench, checking_host::shape differs = {});

  /// Ends platform and generation in order.
  void end();

  manifest note;
  checking_host host;
  generation plugin;
  session platform;
};

/// The upstream's answer to every exchange.
std::string upstream_body(const workbench& bench);

/// "get_products, sync_creatives".
std::string list_of(const std::vector<std::string>& names);

}  // namespace tenon::plugin_check
