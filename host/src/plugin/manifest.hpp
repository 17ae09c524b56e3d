#pragma once

#include <tenon/error.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

struct manifest_task {
  std::string name;
  bool blocking = false;
  bool mutating = false;

  friend bool operator==(const manifest_task&, const manifest_task&) = default;
};

/// What a plugin says of itself, read from its ELF note (plugin-api/include/tenon/abi/plugin.h has the format). A
/// value.
struct manifest {
  std::string id;
  std::string version;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::string adcp;
  std::vector<manifest_task> tasks;
  std::vector<std::string> specialisms;
  std::vector<std::string> features;  ///< of AdCP's media-buy-features, for get_adcp_capabilities
  boost::json::object settings_schema;
  std::vector<std::string> services;
  std::vector<std::string> interfaces;
  std::vector<std::string> upstreams;
  bool concurrent = false;
  std::string sdk;
  std::string sanitizer;

  const manifest_task* find_task(std::string_view task) const noexcept;
};

/// Finds the note in the bytes of a shared object and reads it. Bounds-checked: any bytes are safe. Errors
/// (CONFIGURATION_ERROR): not an ELF shared object of this machine, truncated, no note, note or JSON malformed;
/// operator_detail says which and what to do.
result<manifest> read_manifest(std::span<const std::byte> image);

/// Whether this host can serve the plugin: ABI, sanitizer, services and AdCP release, each compared and named if it
/// differs.
result<void> check_compatibility(const manifest& plugin);

/// What is wrong with a settings schema itself: a keyword the host does not check, a keyword of the wrong type, a bad
/// pattern. One message a finding; empty if the host can check everything the schema asks for. read_manifest()
/// refuses a manifest with any.
std::vector<std::string> check_settings_schema(const boost::json::object& settings_schema);

/// The settings with the schema's defaults put where the tenant says nothing.
boost::json::object with_defaults(const boost::json::object& settings_schema, boost::json::object settings);

/// Validates a tenant's settings against the manifest's schema (the part of JSON Schema that plugin.h names). One
/// message a finding, starting with the key: "settings.network_code: expected a string, found 12". Text of secrets is
/// never repeated.
std::vector<std::string> check_settings(const boost::json::object& settings_schema,
                                        const boost::json::object& settings);

}  // namespace tenon
