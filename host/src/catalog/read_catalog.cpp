#include "catalog/catalog.hpp"
#include "catalog/main_file.hpp"
#include "catalog/tenant_table.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

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

/// Reads all files of a configuration into one catalog. Every tenant's claims are kept in hash maps, so that the whole
/// is linear.
class catalog_reader {
 public:
  catalog_reader(const std::filesystem::path& config, const std::vector<std::string>& foreign_tables)
      : config_(config), foreign_tables_(foreign_tables) {}

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
    const auto is_served = [this](const std::string& name) { return made.tenants.contains(name); };
    std::erase_if(broken_, is_served);
    made.broken.assign(broken_.begin(), broken_.end());
    return scope.errors() == 0;
  }

  catalog made;

 private:
  struct owner {
    std::string tenant;
    std::string place;
  };

  void read_inline_tenants(const document::table& root) {
    const auto* tenants = document::find(root, "tenants");
    const auto* tables = tenants == nullptr ? nullptr : std::get_if<document::table>(&tenants->content.held);
    if (tables == nullptr) return;
    for (const auto& [name, content, line] : *tables) {
      file_scope scope(config_, name, made.diagnostics);
      const field from{content, "tenants." + name, scope};
      const auto* table = from.table();
      if (table == nullptr) broken_.insert(name);
      else add_tenant(name, *table, line, from.name + '.', scope);
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
    // To take an unreadable directory for an empty one would remove every tenant in it.
    if (failed && failed != std::errc::no_such_file_or_directory) {
      main.error(0, "cannot read the directory " + in_quotes(directory.string()) + ": " + failed.message());
    }
    std::ranges::sort(files);
    for (const auto& file : files) read_tenant_file(file);
  }

  void read_tenant_file(const std::filesystem::path& file) {
    const auto name = file.stem().string();
    file_scope scope(file, name, made.diagnostics);
    const auto table = document::load(file);
    if (table) return add_tenant(name, *table, 1, {}, scope);
    scope.error(table.error().line, table.error().message);
    broken_.insert(name);
  }

  void add_tenant(const std::string& name, const document::table& table, std::uint32_t line, const std::string& prefix,
                  file_scope& scope) {
    if (!is_plain_name(name)) {
      scope.error(line, "expected a tenant name of " + std::string(plain_name_rule) + ", found " + in_quotes(name));
    }
    const auto [first, is_new] = names_.emplace(name, place_text(scope.file(), line));
    if (!is_new) {
      scope.error(line, "expected one definition of tenant " + in_quotes(name) +
                            ", found a second one; the first is at " + first->second);
    }
    auto draft = read_tenant(name, table, line, prefix, scope);
    if (is_new) {
      if (std::ranges::find(draft.entry.accounts, name, &account_reference::account_id) == draft.entry.accounts.end()) {
        draft.claims.push_back({"account " + name,
                                "account " + in_quotes(name) + " (the id of a tenant's own account is its name)",
                                line});
      }
      for (const auto& wanted : draft.claims) settle(wanted, name, scope);
    }
    // A disabled tenant may outlive its plugin: to switch it off must always work.
    if (plugins_ && draft.entry.enabled && !draft.entry.plugin.empty() && !plugins_->has(draft.entry.plugin)) {
      scope.error(draft.plugin_line, prefix + "plugin: " + plugins_->missing(draft.entry.plugin));
    }
    draft.entry.policy = made.policy_of(draft.entry.plugin);
    if (scope.errors() > 0) broken_.insert(name);
    else made.tenants.emplace(name, std::make_shared<const tenant_entry>(std::move(draft.entry)));
  }

  /// Whoever is read first has it, whether its table is sound or not: to repair one file must not break another.
  void settle(const claim& wanted, const std::string& tenant, file_scope& scope) {
    const auto [held, is_new] = claims_.emplace(wanted.key, owner{tenant, place_text(scope.file(), wanted.line)});
    if (is_new) return;
    if (held->second.tenant == tenant) {
      scope.error(wanted.line,
                  "expected " + wanted.what + " once, found it again; the first is at " + held->second.place);
    } else {
      scope.error(wanted.line, "expected " + wanted.what + " in one tenant, found it in tenant " + in_quotes(tenant) +
                                   " too; tenant " + in_quotes(held->second.tenant) + " has it at " +
                                   held->second.place);
    }
  }

  std::filesystem::path config_;
  const std::vector<std::string>& foreign_tables_;
  std::optional<plugin_inventory> plugins_;
  std::unordered_map<std::string, std::string> names_;  // to the place of the first definition
  std::unordered_map<std::string, owner> claims_;
  std::set<std::string, std::less<>> broken_;
};

}  // namespace

result<std::shared_ptr<const catalog>> read_catalog(const std::filesystem::path& config,
                                                    const std::vector<std::string>& foreign_tables) {
  catalog_reader reader(config, foreign_tables);
  if (reader.read()) return std::make_shared<const catalog>(std::move(reader.made));
  std::string findings;
  for (const auto& finding : reader.made.diagnostics) {
    if (!findings.empty()) findings += '\n';
    findings += finding.to_string();
  }
  return make_error("CONFIGURATION_ERROR", "The configuration is not valid.", std::move(findings));
}

std::vector<diagnostic> check_catalog(const std::filesystem::path& config,
                                      const std::vector<std::string>& foreign_tables) {
  catalog_reader reader(config, foreign_tables);
  reader.read();
  return std::move(reader.made.diagnostics);
}

}  // namespace tenon
