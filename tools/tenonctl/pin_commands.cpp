#include "pin_commands.hpp"

#include "key_files.hpp"
#include "plugin/file.hpp"
#include "plugin/pin.hpp"
#include "plugin/signature.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <iostream>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace tenonctl {
namespace {

namespace fs = std::filesystem;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

int failed(const std::string& why) {
  std::cerr << "tenonctl: " << why << '\n';
  return exit_failed;
}

/// Replaces a file at once, so that no host reads half of it.
std::string replace(const fs::path& path, std::string_view text) {
  const auto beside = path.string() + ".new";
  ::unlink(beside.c_str());
  auto wrong = write_new(beside, text, 0644);
  if (wrong.empty() && ::rename(beside.c_str(), path.c_str()) != 0) {
    wrong = path.string() + ": cannot be written: " + tenon::describe_errno(errno);
  }
  return wrong;
}

/// The file as a candidate, wherever it lies: who owns it is the host's business.
tenon::result<tenon::candidate> read_plugin(const fs::path& file, const std::string& name) {
  const tenon::file_descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened) return tenon::make_error("CONFIGURATION_ERROR", "", tenon::why_not_opened(file, errno));
  auto bytes = tenon::read_whole(opened.get(), file);
  if (!bytes) return bytes.error();
  tenon::candidate made{.name = name.empty() ? file.stem().string() : name,
                        .source = file,
                        .bytes = std::move(*bytes),
                        .content_hash = {}};
  made.content_hash = tenon::sha256_hex(made.bytes);
  return made;
}

}  // namespace

pin_commands::pin_commands(CLI::App& plugin)
    : keygen_(plugin.add_subcommand("keygen", "make a pair of Ed25519 keys to sign plugins with")),
      sign_(plugin.add_subcommand("sign", "sign a plugin: writes FILE.sig, which goes beside it")),
      verify_(
          plugin.add_subcommand("verify",
                                "show a plugin's SHA-256 and whether a hash or a signature vouches for it. Only pins "
                                "protect against a hostile file; the gate and the canary find accidents")) {
  keygen_->add_option("place", place_, "a directory, or how the two files begin: PLACE.pem and PLACE.pub.pem")
      ->required();
  sign_->add_option("file", file_, "the plugin, as it will be deployed")->required();
  sign_->add_option("--key", private_key_, "the private key (PEM), which only its owner can read")->required();
  sign_->add_option("--name", name_, "what tenants will call it, if the file is called otherwise now");
  verify_->add_option("file", file_, "the plugin")->required();
  verify_->add_option("--key", public_keys_, "a public key (PEM) to trust; may be repeated")->take_all();
  verify_->add_option("--config", config_, "tenon.toml: its keys and hashes, as the host would use them");
  verify_->add_option("--name", name_, "what tenants call it, if the file is called otherwise now");
}

std::optional<int> pin_commands::run() const {
  if (keygen_->parsed()) return keygen();
  if (sign_->parsed()) return sign();
  if (verify_->parsed()) return verify();
  return std::nullopt;
}

int pin_commands::keygen() const {
  const auto prefix = key_prefix(place_, "plugin-key");
  if (const auto wrong = write_key_pair(prefix); !wrong.empty()) return failed(wrong);
  std::cout << prefix << ".pem      private: keep it where plugins are released, not on the host\n"
            << prefix << ".pub.pem  public: for [host] plugin_keys\n";
  return 0;
}

int pin_commands::sign() const {
  const auto file = read_plugin(file_, name_);
  if (!file) return failed(file.error().operator_detail);
  const auto made = tenon::sign(private_key_, tenon::signed_message(file->name, file->content_hash));
  if (!made) return failed(made.error().operator_detail);
  const auto target = tenon::signature_path(file_);
  if (const auto wrong = replace(target, tenon::render(*made)); !wrong.empty()) return failed(wrong);
  std::cout << "name    " << file->name << "\nsha256  " << file->content_hash << "\nkey     " << made->key_id
            << "\nwritten " << target.string() << '\n';
  return 0;
}

int pin_commands::verify() const {
  const auto file = read_plugin(file_, name_);
  if (!file) return failed(file.error().operator_detail);
  std::cout << "name    " << file->name << "\nsha256  " << file->content_hash << '\n';
  if (config_.empty() && public_keys_.empty()) {
    std::cerr << "tenonctl: expected --key PUBLIC.pem or --config tenon.toml to verify against, found neither\n";
    return exit_usage;
  }
  tenon::host_settings settings;
  settings.require_pin = true;
  tenon::plugin_policy policy;
  bool required = true;
  if (!config_.empty()) {
    const auto read = tenon::read_catalog(config_);
    if (!read) return failed(read.error().operator_detail);
    required = (*read)->host.require_pin;
    settings.plugin_keys = (*read)->host.plugin_keys;
    policy = (*read)->policy_of(file->name);
  }
  settings.plugin_keys.insert(settings.plugin_keys.end(), public_keys_.begin(), public_keys_.end());
  const auto checked = tenon::check_pin(*file, policy, settings);
  if (checked) {
    std::cout << "pinned  by " << checked->what << '\n';
    return 0;
  }
  std::cout << "pinned  no\n";
  const auto code = failed(checked.error().operator_detail);
  settings.require_pin = false;
  if (!required && tenon::check_pin(*file, policy, settings)) {
    std::cerr << "tenonctl: the host would load it nevertheless: host.require_pin is false\n";
  }
  return code;
}

}  // namespace tenonctl
