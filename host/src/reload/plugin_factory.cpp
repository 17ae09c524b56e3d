#include "reload/plugin_factory.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace tenon {
namespace {

constexpr std::streamsize max_secret_bytes = 1 << 20;

error unreadable(const tenant_entry& entry, const std::string& key, const std::string& found, const std::string& fix) {
  return account_misconfigured(entry.place.file + ":" + std::to_string(entry.place.line) + ": tenant " + entry.name +
                               ": expected the secret of settings." + key + ", found " + found + "; " + fix);
}

result<std::string> read_file(const tenant_entry& entry, const std::string& key, const std::string& path) {
  // A pipe or a device might never end: then every build of the tenant would wait for it.
  std::error_code unknown;
  if (const auto kind = std::filesystem::status(path, unknown);
      std::filesystem::exists(kind) && !std::filesystem::is_regular_file(kind)) {
    return unreadable(entry, key, path + ", which is no regular file", "name a file that holds the secret alone");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return unreadable(entry, key, path + ": " + std::generic_category().message(errno),
                      "put the file there, readable by the host's user");
  }
  std::string text(static_cast<std::size_t>(max_secret_bytes) + 1, '\0');
  file.read(text.data(), max_secret_bytes + 1);
  if (file.bad() || (!file.eof() && file.fail())) {
    return unreadable(entry, key, path + ", which cannot be read", "check that it is a regular file");
  }
  if (file.gcount() > max_secret_bytes) {
    return unreadable(entry, key, path + " of more than 1 MiB", "name the file that holds the secret alone");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return unreadable(entry, key, path + ", which is empty", "write the secret into it");
  return {boost::system::in_place_value, std::move(text)};
}

result<std::string> read_secret(const tenant_entry& entry, const std::string& key, const secret_source& source) {
  if (source.from == secret_source::kind::file) return read_file(entry, key, source.where);
  const char* value = std::getenv(source.where.c_str());
  if (value == nullptr || *value == '\0') {
    return unreadable(entry, key, "no environment variable " + source.where, "set it in the host's environment");
  }
  return {boost::system::in_place_value, value};
}

}  // namespace

void build_ledger::built(const std::string& tenant, const std::shared_ptr<plugin_platform>& platform) {
  const std::lock_guard lock(mutex_);
  auto& line = lines_[tenant];
  line.platform = platform;
  line.last_error.clear();
}

void build_ledger::failed(const std::string& tenant, std::string reason) {
  const std::lock_guard lock(mutex_);
  lines_[tenant].last_error = std::move(reason);
}

void build_ledger::kept_back(const std::string& tenant, std::string reason) {
  const std::lock_guard lock(mutex_);
  lines_[tenant].kept_back = std::move(reason);
}

void build_ledger::in_force(const std::string& tenant) {
  const std::lock_guard lock(mutex_);
  if (const auto at = lines_.find(tenant); at != lines_.end()) at->second.kept_back.clear();
}

void build_ledger::forget(const std::string& tenant) {
  const std::lock_guard lock(mutex_);
  lines_.erase(tenant);
}

build_ledger::line build_ledger::find(const std::string& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto at = lines_.find(tenant);
  return at == lines_.end() ? line{} : at->second;
}

result<std::shared_ptr<const secret_texts>> read_secrets(const tenant_entry& entry) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, source] : entry.secrets) {
    auto text = read_secret(entry, key, source);
    if (!text) return text.error();
    texts.emplace(key, std::move(*text));
  }
  return std::make_shared<const secret_texts>(std::move(texts));
}

plugin_factory::plugin_factory(std::shared_ptr<const platform_environment> environment,
                               std::shared_ptr<deployment_table> deployments, std::shared_ptr<build_ledger> ledger)
    : environment_(std::move(environment)), deployments_(std::move(deployments)), ledger_(std::move(ledger)) {}

result<std::shared_ptr<const deployment>> plugin_factory::buildable(const std::string& tenant) const {
  auto found = deployments_->find(tenant);
  if (!found) return tenant_not_found("no tenant \"" + tenant + "\" in the catalog");
  if (found->entry && !found->entry->enabled) return tenant_not_found("tenant " + tenant + " is disabled");
  if (found->refusal) return *found->refusal;
  return found;
}

result<std::optional<bool>> plugin_factory::foresees(const std::string& tenant, std::string_view task) const {
  const auto found = buildable(tenant);
  if (!found) return found.error();
  return std::optional<bool>((*found)->image->manifest.find_task(task) != nullptr);
}

void plugin_factory::build(std::string tenant, std::stop_token stop, build_handler done) {
  auto found = buildable(tenant);
  if (!found) return done(found.error());
  build_from(std::move(*found), std::move(stop),
             [ledger = ledger_, tenant = std::move(tenant),
              done = std::move(done)](result<std::shared_ptr<plugin_platform>> built) mutable {
               if (built) {
                 ledger->built(tenant, *built);
                 return done(std::shared_ptr<platform>(std::move(*built)));
               }
               ledger->failed(tenant, built.error().operator_detail.empty() ? built.error().message
                                                                            : built.error().operator_detail);
               done(built.error());
             });
}

void plugin_factory::build_from(std::shared_ptr<const deployment> source, std::stop_token stop,
                                plugin_platform_handler done) {
  const auto& entry = source->entry;
  platform_recipe recipe{.tenant = entry->name,
                         .image = source->image,
                         .settings = entry->settings,
                         .specialisms = entry->specialisms,
                         .secrets = nullptr,
                         .isolate = entry->isolate,
                         .read_secrets = [entry] { return read_secrets(*entry); }};
  build_plugin_platform(environment_, std::move(recipe), std::move(stop), std::move(done));
}

}  // namespace tenon
