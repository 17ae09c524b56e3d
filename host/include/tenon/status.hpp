#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tenon {

/// One tenant, as status shows it.
struct tenant_status {
  std::string tenant = {};
  std::string plugin = {};
  std::string plugin_version = {};  ///< of the pinned file
  std::string content_hash = {};    ///< SHA-256 of the pinned file, hex
  bool cached = false;
  std::uint64_t instance = 0;       ///< changes with every build; 0 if not cached
  std::string served_version = {};  ///< version of the code behind the cached platform
  std::string last_error = {};      ///< the last build's or reload's, empty if none
};

/// One loaded generation of a plugin's code.
struct library_status {
  std::string plugin = {};
  std::string version = {};
  std::string content_hash = {};
  std::filesystem::path path = {};  ///< in the store
  std::string state = {};           ///< loaded, draining, closed or zombie
  std::uint32_t platforms = 0;
  std::uint64_t writable_bytes = 0;  ///< its variables, shared by the platforms that share it
  std::string isolated_for = {};     ///< the tenant that has it for itself; empty: shared
  std::string cause = {};            ///< of a zombie: unique, nodelete, tls-dtor, thread, dependency, handle or unknown
  std::string reason = {};           ///< of a zombie: what was found, and what to do
};

struct host_status {
  std::vector<tenant_status> tenants = {};     ///< sorted
  std::vector<library_status> libraries = {};  ///< live ones and zombies
  std::uint64_t libraries_closed = 0;          ///< proven unmapped since the start
};

}  // namespace tenon
