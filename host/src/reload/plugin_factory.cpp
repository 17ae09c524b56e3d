#include "reload/plugin_factory.hpp"

#include "base/operator_text.hpp"
#include "plugin/file.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
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

bool builds_the_same(const deployment* now, const deployment& source) {
  return now != nullptr && now->image && now->image->content_hash == source.image->content_hash &&
         now->entry->same_as(*source.entry);
}

std::string random_salt() {
  std::random_device kernel;
  std::string made;
  for (int word = 0; word < 8; ++word) made += std::to_string(kernel()) + ' ';
  return made;
}

}  // namespace

std::string_view to_string(build_step value) noexcept {
  switch (value) {
    case build_step::settings: return "settings";
    case build_step::secrets: return "secrets";
    case build_step::load: return "load";
    case build_step::create: return "create";
    case build_step::health: return "health";
  }
  return "settings";
}

result<std::shared_ptr<const secret_texts>> read_secrets(const tenant_entry& entry, const secret_printer& print) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, source] : entry.secrets) {
    auto text = read_secret(entry, key, source);
    if (!text) return text.error();
    texts.emplace(key, std::move(*text));
  }
  auto printed = print ? print(texts) : std::string();
  return std::make_shared<const secret_texts>(std::move(texts), std::move(printed));
}

plugin_factory::plugin_factory(std::shared_ptr<const platform_environment> environment,
                               std::shared_ptr<deployment_table> deployments, std::shared_ptr<build_ledger> ledger)
    : environment_(std::move(environment)),
      deployments_(std::move(deployments)),
      ledger_(std::move(ledger)),
      salt_(random_salt()) {}

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
  build_from(recipe_for(**found), std::move(stop),
             [ledger = ledger_, deployments = deployments_, source = *found, tenant = std::move(tenant),
              done = std::move(done)](build_outcome built) mutable {
               // A reload may have taken place meanwhile: how this ends says nothing of the tenant as it is now.
               const bool counts = builds_the_same(deployments->find(tenant).get(), *source);
               if (built.platform) {
                 if (counts) ledger->built(tenant, *built.platform);
                 return done(std::shared_ptr<platform>(std::move(*built.platform)));
               }
               if (counts) ledger->failed(tenant, operator_text(built.platform.error()));
               done(built.platform.error());
             });
}

platform_recipe plugin_factory::recipe_for(const deployment& source) {
  const auto& entry = source.entry;
  return {.tenant = entry->name,
          .image = source.image,
          .settings = entry->settings,
          .specialisms = entry->specialisms,
          .secrets = nullptr,
          .isolate = entry->isolate,
          .read_secrets = [self = shared_from_this(), entry] {
            return read_secrets(*entry, [&self](const auto& texts) { return self->print(texts); });
          }};
}

void plugin_factory::build_from(platform_recipe recipe, std::stop_token stop,
                                unique_function<void(build_outcome)> done) {
  auto reached = std::make_shared<std::atomic<build_step>>(build_step::settings);
  recipe.on_step = [reached](build_step next) { *reached = next; };
  build_plugin_platform(environment_, std::move(recipe), std::move(stop),
                        [reached, done = std::move(done)](result<std::shared_ptr<plugin_platform>> built) mutable {
                          done({.platform = std::move(built), .reached = *reached});
                        });
}

void plugin_factory::build_successor(std::shared_ptr<const deployment> source, predecessor before, std::stop_token stop,
                                     unique_function<void(build_outcome)> done) {
  auto recipe = recipe_for(*source);
  recipe.check_health = true;
  const bool same_table = before.entry && before.entry->settings == source->entry->settings;
  if (before.platform && same_table && before.platform->image().name == source->image->name) {
    recipe.inherit = [before = std::move(before)](const std::string& secrets_print, inheritance_handler inherits) {
      // With other secrets an old token would hide that the new ones are wrong.
      const auto& known = before.platform->secrets_print();
      if (known.empty() || known != secrets_print) return inherits(nullptr);
      before.platform->hand_over(std::move(inherits));
    };
  }
  build_from(std::move(recipe), std::move(stop), std::move(done));
}

std::string plugin_factory::print_secrets(const tenant_entry& entry) const {
  const auto read = read_secrets(entry, [this](const auto& texts) { return print(texts); });
  return read ? (*read)->print() : std::string();
}

std::string plugin_factory::print(const std::map<std::string, std::string>& texts) const {
  auto all = salt_;
  for (const auto& [key, text] : texts) all += key + ' ' + sha256_hex(std::as_bytes(std::span(text))) + ' ';
  return sha256_hex(std::as_bytes(std::span(all)));
}

}  // namespace tenon
