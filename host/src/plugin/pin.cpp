#include "plugin/pin.hpp"

#include "plugin/file.hpp"
#include "plugin/refusal.hpp"
#include "plugin/signature.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>

namespace tenon {
namespace {

error pin_error(const candidate& file, const std::string& why) {
  return refusal(file.source.string() + ": refused (pin): " + why);
}

std::string in_a_list(const std::vector<std::string>& all) {
  std::string made;
  for (const auto& each : all) made += (made.empty() ? "" : ", ") + each;
  return made;
}

std::string place_of(const candidate& file, const plugin_policy& policy) {
  auto text = "plugins." + file.name + ".sha256";
  if (!policy.place.file.empty()) text += " (" + policy.place.file + ":" + std::to_string(policy.place.line) + ")";
  return text;
}

result<pin> check_hash(const candidate& file, const plugin_policy& policy) {
  if (std::ranges::find(policy.sha256, file.content_hash) != policy.sha256.end()) {
    return pin{.by = pin::kind::hash, .what = place_of(file, policy)};
  }
  return pin_error(file, "expected a content of " + place_of(file, policy) + ": " + in_a_list(policy.sha256) +
                             ", found " + file.content_hash +
                             "; put the file back, or if these are the bytes you mean, as `tenonctl plugin verify " +
                             file.source.string() + " --key PUBLIC.pem` can tell, add their hash there");
}

/// Nothing if there is no signature.
result<std::optional<plugin_signature>> read_signature(const candidate& file) {
  const auto path = signature_path(file.source);
  const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const file_descriptor place(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return pin_error(file, why_not_opened(directory, errno));
  const auto opened = open_beneath(place.get(), path.filename().string());
  if (!opened && errno == ENOENT) return std::optional<plugin_signature>();
  if (!opened) return pin_error(file, why_not_opened(path, errno));
  const auto bytes = read_whole(opened.get(), path, largest_key_file);
  if (!bytes) return pin_error(file, bytes.error().operator_detail);
  auto parsed = parse_signature({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
  if (!parsed) return pin_error(file, parsed.error().operator_detail);
  return std::optional<plugin_signature>(std::move(*parsed));
}

/// The keys that can be read. One that cannot be breaks only the plugins that it has signed.
struct key_ring {
  std::vector<public_key> keys;
  std::vector<std::string> known;     ///< "id (file)"
  std::vector<std::string> findings;  ///< about the others
};

key_ring read_keys(const host_settings& settings) {
  key_ring made;
  for (const auto& file : settings.plugin_keys) {
    auto key = read_public_key(file);
    if (!key) {
      made.findings.push_back(key.error().operator_detail);
      continue;
    }
    made.known.push_back(key_id(*key) + " (" + file.string() + ")");
    made.keys.push_back(std::move(*key));
  }
  return made;
}

result<pin> check_signature(const candidate& file, const plugin_signature& signature, const host_settings& settings) {
  const auto ring = read_keys(settings);
  const auto message = signed_message(file.name, file.content_hash);
  bool known = false;
  for (const auto& key : ring.keys) {
    if (key_id(key) != signature.key_id) continue;
    known = true;
    if (!verifies(key, signature, message)) continue;
    return pin{.by = pin::kind::signature, .what = "key " + signature.key_id + " (" + key.file.string() + ")"};
  }
  const auto path = signature_path(file.source).string();
  if (known) {
    return pin_error(file,
                     path + ": expected key " + signature.key_id + "'s signature of this plugin, found one of other " +
                         "bytes or of another plugin than \"" + file.name + "\"; these bytes have SHA-256 " +
                         file.content_hash +
                         "; bring the file and its signature together, or sign it anew: " + "tenonctl plugin sign");
  }
  auto why = path + ": expected a signature by one of host.plugin_keys (" +
             (ring.known.empty() ? "none can be read" : in_a_list(ring.known)) + "), found one by key " +
             signature.key_id;
  for (const auto& finding : ring.findings) why += "; " + finding;
  return pin_error(file, why + "; add its public key there, or sign the plugin with a key that is");
}

}  // namespace

std::filesystem::path signature_path(const std::filesystem::path& plugin) { return plugin.string() + ".sig"; }

result<pin> check_pin(const candidate& file, const plugin_policy& policy, const host_settings& settings) {
  if (!policy.sha256.empty()) return check_hash(file, policy);
  const bool may_be_signed = !settings.plugin_keys.empty();
  if (!may_be_signed && !settings.require_pin) return pin{};
  const auto signature = read_signature(file);
  if (!signature) return signature.error();
  if (signature->has_value() && may_be_signed) return check_signature(file, **signature, settings);
  if (!settings.require_pin) return pin{};
  if (signature->has_value()) {
    return pin_error(file, "expected a key in host.plugin_keys to verify " + signature_path(file.source).string() +
                               " with, for host.require_pin is true; found none; add the public key of " +
                               (*signature)->key_id);
  }
  return pin_error(file, "expected a hash in plugins." + file.name + ".sha256 or a signature " +
                             signature_path(file.source).string() +
                             ", for host.require_pin is true; found neither; these bytes have SHA-256 " +
                             file.content_hash + "; add it there, or sign them: tenonctl plugin sign " +
                             file.source.string() + " --key PRIVATE.pem");
}

}  // namespace tenon
