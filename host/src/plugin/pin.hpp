#pragma once

#include "catalog/catalog.hpp"
#include "plugin/image.hpp"

#include <tenon/error.hpp>

#include <filesystem>
#include <string>

namespace tenon {

/// What vouches for a plugin's bytes. A value.
struct pin {
  enum class kind : std::uint8_t { none, hash, signature };
  kind by = kind::none;
  std::string what;  ///< for operators: the place of the hash, or the key and its file; empty if nothing does

  friend bool operator==(const pin&, const pin&) = default;
};

/// Whether these bytes are those that the operator meant. The first check of a candidate, before the gate parses it and
/// before the canary runs it; and the only one that protects against a hostile file.
///
/// * With `policy.sha256`, the content's hash must be one of them; a signature changes nothing about that.
/// * Otherwise, with `settings.plugin_keys`, a signature file beside the plugin must be right if it is there.
/// * With `settings.require_pin`, one of both is mandatory.
///
/// The signature file is opened beneath the plugin's directory, as the plugin was. Keys are read each time: they are
/// few, and a key that was taken away counts from the next reload on.
///
/// Errors (CONFIGURATION_ERROR): what was found, what was expected, how to get there.
/// Threads     Any; blocks on files.
result<pin> check_pin(const candidate& file, const plugin_policy& policy, const host_settings& settings);

/// Where the signature of a plugin file is: FILE.sig.
std::filesystem::path signature_path(const std::filesystem::path& plugin);

}  // namespace tenon
