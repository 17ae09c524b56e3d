#include "catalog/catalog.hpp"
#include "catalog/claims.hpp"
#include "catalog/main_file.hpp"
#include "catalog/tenant_table.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

namespace tenon {
namespace {

std::string place_text(const std::string& file, std::uint32_t line) { return file + ':' + std::to_string(line); }

/// The names of the plugins in the configured directories.
class plugin_inventory {
 public:
  explicit plugin_inventory(const std::vector<std::filesystem::path>& directories) {
    for (const auto& directory : directories) {
      std::error_code failed;
      for (std::filesystem::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
        if (at->path().extension() == ".so") names_.insert(at->path().stem().string());
      }
      directories_ += (directories_.empty() ? "" : ", ") + directory.string();
    }
  }

  bool has(const std::string& name) const { return names_.contains(name); }

  /// What to say about a plugin that is not there.
  std::string missing(const std::string& name) const {
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    const auto there = known.empty() ? std::string("there is no plugin at all") : "there are: " + in_a_row(known);
    return "expected a plugin that is in a plugin directory, found " + in_quotes(name) + " and no file " + name +
           ".so in " + directories_ + " (" + there + ")" + did_you_mean(name, known);
  }

 private:
  std::set<std::string, std::less<>> names_;
  std::string directories_;
};

/// Reads all files of a configuration into one catalog.
class catalog_reader {
 public:
  catalog_reader(const std::filesystem::path& config, const std::vector<std::string>& foreign_tables,
                 const tenants_in_force& in_force)
      : config_(config), foreign_tables_(foreign_tables), in_force_(in_force) {}

  /// Whether the main file is in order; `made` holds the tenants and all findings in any case.
  bool read() {
    file_scope scope(config_, {}, made.diagnostics);
    if (const auto root = document::load(config_); !root) {
      scope.error(root.error().line, root.error().message);
    } else {
      read_main_tables(*root, foreign_tables_, scope, made);
      if (scope.errors() == 0) plugins_.emplace(made.host.plugin_dirs);
      read_inline_tenants(*root);
    }
    read_tenant_files(scope);
    settle_claims(records_, in_force_);
    keep_sound_tenants();
    const auto is_served = [this](const std::string& name) { return made.tenants.contains(name); };
    std::erase_if(broken_, is_served);
    made.broken.assign(broken_.begin(), broken_.end());
    return scope.errors() == 0;
  }

  catalog made;

 private:
  void read_inline_tenants(const document::table& root) {
    const auto* tenants = document::find(root, "tenants");
    const auto* tables = tenants == nullptr ? nullptr : std::get_if<document::table>(&tenants->content.held);
    if (tables == nullptr) return;
    for (const auto& [name, content, line] : *tables) {
      file_scope scope(config_, name, made.diagnostics);
      const field from{content, "tenants." + name, scope};
      const auto* table = from.table();
      if (table == nullptr) add_broken(name, std::move(scope));
      else add_tenant(name, *table, line, from.name + '.', std::move(scope));
    }
  }

  void read_tenant_files(file_scope& main) {
    const auto directory = config_.parent_path() / "tenants.d";
    std::vector<std::filesystem::path> files;
    std::error_code failed;
    for (std::filesystem::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
      const auto name = at->path().filename().string();
      if (at->path().extension() == ".toml" && !name.starts_with('.')) files.push_back(at->path());
    }
    // To take an unreadable directory, or one that is gone for a moment, for an empty one would remove every tenant in
    // it.
    const auto served = std::ranges::count_if(in_force_, [&directory](const auto& entry) {
      return std::filesystem::path(entry->place.file).parent_path() == directory;
    });
    if (failed == std::errc::no_such_file_or_directory && served > 0) {
      main.error(0, "expected the directory " + in_quotes(directory.string()) + ", from which " +
                        std::to_string(served) + " tenants are served, found none; put it back, or leave it empty to "
                        "remove them");
    } else if (failed && failed != std::errc::no_such_file_or_directory) {
      main.error(0, "cannot read the directory " + in_quotes(directory.string()) + ": " + failed.message());
    }
    std::ranges::sort(files);
    for (const auto& file : files) read_tenant_file(file);
  }

  void read_tenant_file(const std::filesystem::path& file) {
    const auto name = file.stem().string();
    file_scope scope(file, name, made.diagnostics);
    const auto table = document::load(file);
    if (table) return add_tenant(name, *table, 1, {}, std::move(scope));
    scope.error(table.error().line, table.error().message);
    add_broken(name, std::move(scope));
  }

  void add_tenant(const std::string& name, const document::table& table, std::uint32_t line, const std::string& prefix,
                  file_scope scope) {
    if (!is_plain_name(name)) {
      scope.error(line, "expected a tenant name of " + std::string(plain_name_rule) + ", found " + in_quotes(name));
      return add_broken(name, std::move(scope));  // a stray copy of a file must not have a say in what others claim
    }
    const auto [first, is_new] = names_.emplace(name, place_text(scope.file(), line));
    if (!is_new) {
      scope.error(line, "expected one definition of tenant " + in_quotes(name) +
                            ", found a second one; the first is at " + first->second);
    }
    auto draft = read_tenant(name, table, line, prefix, made.limits, scope);
    if (is_new) {
      if (std::ranges::find(draft.entry.accounts, name, &account_reference::account_id) == draft.entry.accounts.end()) {
        draft.claims.push_back({"account " + name,
                                "account " + in_quotes(name) + " (the id of a tenant's own account is its name)",
                                line});
      }
    } else {
      draft.claims.clear();
    }
    // A disabled tenant may outlive its plugin: to switch it off must always work.
    if (plugins_ && draft.entry.enabled && !draft.entry.plugin.empty() && !plugins_->has(draft.entry.plugin)) {
      scope.error(draft.plugin_line, prefix + "plugin: " + plugins_->missing(draft.entry.plugin));
    }
    draft.entry.policy = made.policy_of(draft.entry.plugin);
    records_.push_back({std::move(draft), std::move(scope)});
  }

  /// A table of which nothing could be read. Its last good one may be in force.
  void add_broken(const std::string& name, file_scope scope) {
    tenant_record record{.draft = {}, .scope = std::move(scope)};
    record.draft.entry.name = name;
    records_.push_back(std::move(record));
  }

  void keep_sound_tenants() {
    for (auto& [draft, scope] : records_) {
      const auto name = draft.entry.name;
      if (scope.errors() > 0) broken_.insert(name);
      else made.tenants.emplace(name, std::make_shared<const tenant_entry>(std::move(draft.entry)));
    }
  }

  std::filesystem::path config_;
  const std::vector<std::string>& foreign_tables_;
  const tenants_in_force& in_force_;
  std::optional<plugin_inventory> plugins_;
  std::unordered_map<std::string, std::string> names_;  // to the place of the first definition
  std::vector<tenant_record> records_;
  std::set<std::string, std::less<>> broken_;
};

}  // namespace

result<std::shared_ptr<const catalog>> read_catalog(const std::filesystem::path& config,
                                                    const std::vector<std::string>& foreign_tables,
                                                    const tenants_in_force& in_force) {
  catalog_reader reader(config, foreign_tables, in_force);
  if (reader.read()) {
    auto& made = reader.made;
    if (made.tenants.empty() && made.broken.empty()) {
      made.diagnostics.push_back({.fatal = false,
                                  .file = config.string(),
                                  .message = "there are no tenants, neither in this file nor in tenants.d beside it"});
    }
    return std::make_shared<const catalog>(std::move(made));
  }
  std::string findings;
  for (const auto& finding : reader.made.diagnostics) {
    if (!findings.empty()) findings += '\n';
    findings += finding.to_string();
  }
  return make_error("CONFIGURATION_ERROR", "The configuration is not valid.", std::move(findings));
}

std::vector<diagnostic> check_catalog(const std::filesystem::path& config,
                                      const std::vector<std::string>& foreign_tables,
                                      const tenants_in_force& in_force) {
  catalog_reader reader(config, foreign_tables, in_force);
  reader.read();
  return std::move(reader.made.diagnostics);
}

}  // namespace tenon
