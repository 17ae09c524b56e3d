#include "catalog/main_file.hpp"

#include "catalog/limits_table.hpp"
#include "catalog/plugin_table.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace tenon {
namespace {

constexpr std::int64_t longest_ms = 24LL * 60 * 60 * 1000;
constexpr std::int64_t shortest_settle_ms = 10;
constexpr std::int64_t longest_settle_ms = 10LL * 60 * 1000;
constexpr std::int64_t longest_retention_seconds = 10LL * 365 * 24 * 60 * 60;
constexpr double longest_ttl_seconds = 10.0 * 365 * 24 * 60 * 60;
constexpr std::array<std::string_view, 7> log_levels = {"trace", "debug", "info", "warn", "error", "critical", "off"};
constexpr std::array<std::string_view, 2> cold_starts = {"each", "coalesce"};
constexpr std::array<std::string_view, 2> failures = {"each", "backoff"};
constexpr std::array<std::string_view, 2> ages = {"write", "build_start"};

void read_milliseconds(const field& from, std::int64_t least, std::chrono::milliseconds& into) {
  if (const auto read = from.whole(least, longest_ms)) into = std::chrono::milliseconds(*read);
}

void read_plugin_dirs(const field& from, host_settings& into) {
  for (const auto& element : from.elements()) {
    const auto directory = element.path();
    if (!directory) continue;
    into.plugin_dirs.push_back(*directory);
    std::error_code failed;
    if (!std::filesystem::is_directory(*directory, failed)) {
      element.scope.warn(element.content.line, element.name + ": there is no directory " +
                                                   in_quotes(directory->string()) +
                                                   "; the plugins in it are missing until there is");
    }
  }
  if (const auto* held = std::get_if<document::array>(&from.content.held); held != nullptr && held->empty()) {
    from.refuse("expected at least one directory, found an empty array");
  }
}

void read_plugin_keys(const field& from, host_settings& into) {
  for (const auto& element : from.elements()) {
    const auto file = element.path();
    if (!file) continue;
    if (std::ranges::find(into.plugin_keys, *file) != into.plugin_keys.end()) {
      element.refuse("expected each key file once, found " + in_quotes(file->string()) + " again");
      continue;
    }
    into.plugin_keys.push_back(*file);
    std::error_code failed;
    if (!std::filesystem::exists(*file, failed)) {
      element.scope.warn(element.content.line, element.name + ": there is no file " + in_quotes(file->string()) +
                                                   " to read the public key from; signatures are refused until there "
                                                   "is");
    }
  }
}

void read_ops_group(const field& from, host_settings& into) {
  const auto name = from.text();
  if (!name) return;
  const auto is_part = [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '-' || letter == '.';
  };
  if (name->front() == '-' || !std::ranges::all_of(*name, is_part)) return from.expected("the name of a group");
  into.ops_group = *name;
}

void read_canary(const field& from, host_settings& into) {
  const auto said = from.text();
  if (said) into.canary = *said == "off" ? *said : from.scope.resolve(*said).string();
}

constexpr key_rule<host_settings> host_keys[] = {
    {"plugin_dirs", read_plugin_dirs, true},
    {"store_dir",
     [](const field& from, host_settings& into) { into.store_dir = from.path().value_or(std::filesystem::path()); },
     true},
    {"store_retention_seconds",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(0, longest_retention_seconds)) {
         into.store_retention = std::chrono::seconds(*read);
       }
     }},
    {"store_max_bytes",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(1, 1LL << 50)) into.store_max_bytes = static_cast<std::uint64_t>(*read);
     }},
    {"state_dir",
     [](const field& from, host_settings& into) { into.state_dir = from.path().value_or(std::filesystem::path()); }},
    {"state_max_bytes",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(1, 1LL << 50)) into.state_max_bytes = static_cast<std::uint64_t>(*read);
     }},
    {"require_pin", [](const field& from, host_settings& into) { into.require_pin = from.flag().value_or(false); }},
    {"plugin_keys", read_plugin_keys},
    {"ops_group", read_ops_group},
    {"watch", [](const field& from, host_settings& into) { into.watch = from.flag().value_or(false); }},
    {"watch_settle_ms",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(shortest_settle_ms, longest_settle_ms)) {
         into.watch_settle = std::chrono::milliseconds(*read);
       }
     }},
    {"canary", read_canary},
    {"blocking_threads",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(1, 1024)) into.blocking_threads = static_cast<std::uint32_t>(*read);
     }},
    {"blocking_threads_per_tenant",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(0, 1024)) into.blocking_threads_per_tenant = static_cast<std::uint32_t>(*read);
     }},
    {"blocking_replace_ms",
     [](const field& from, host_settings& into) { read_milliseconds(from, 1, into.blocking_replace); }},
    {"warm_up_builds",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(1, 1024)) into.warm_up_builds = static_cast<std::uint32_t>(*read);
     }},
    {"reload_builds",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(1, 1024)) into.reload_builds = static_cast<std::uint32_t>(*read);
     }},
    {"reload_builds_per_second",
     [](const field& from, host_settings& into) {
       if (const auto read = from.number(0, 10'000)) into.reload_builds_per_second = *read;
     }},
    {"build_timeout_ms",
     [](const field& from, host_settings& into) { read_milliseconds(from, 1, into.build_timeout); }},
    {"call_timeout_ms", [](const field& from, host_settings& into) { read_milliseconds(from, 1, into.call_timeout); }},
    {"drain_timeout_ms",
     [](const field& from, host_settings& into) { read_milliseconds(from, 0, into.drain_timeout); }},
    {"upstream_ca_file",
     [](const field& from, host_settings& into) {
       if (const auto read = from.path()) into.upstream_ca_file = read->string();
     }},
    {"http_timeout_ms", [](const field& from, host_settings& into) { read_milliseconds(from, 1, into.http_timeout); }},
    {"http_max_response_bytes",
     [](const field& from, host_settings& into) {
       if (const auto read = from.whole(1, 1LL << 30)) into.http_max_response_bytes = static_cast<std::uint64_t>(*read);
     }},
    {"log_level",
     [](const field& from, host_settings& into) {
       if (auto read = from.one_of(log_levels)) into.log_level = *std::move(read);
     }},
};

constexpr key_rule<cache_settings> cache_keys[] = {
    {"size",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.whole(1, 1'000'000)) into.size = static_cast<long>(*read);
     }},
    {"ttl_seconds",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.number(0, longest_ttl_seconds)) into.ttl_seconds = *read;
     }},
    {"cold_start",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.one_of(cold_starts)) {
         into.mode = *read == "each" ? cold_start::each : cold_start::coalesce;
       }
     }},
    {"failure",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.one_of(failures)) {
         into.policy.failure = *read == "each" ? on_failure::each : on_failure::backoff;
       }
     }},
    {"ttl_from",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.one_of(ages)) into.policy.ttl_from_build_start = *read == "build_start";
     }},
    {"ttl_jitter",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.number(0, 0.9)) into.policy.ttl_jitter = *read;
     }},
    {"refresh_ahead",
     [](const field& from, cache_settings& into) { into.policy.refresh_ahead = from.flag().value_or(false); }},
    {"stale_if_error_seconds",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.number(0, longest_ttl_seconds)) into.policy.stale_if_error_seconds = *read;
     }},
    {"max_builds",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.whole(1, 10'000)) into.policy.max_builds = static_cast<long>(*read);
     }},
    {"max_queued_builds",
     [](const field& from, cache_settings& into) {
       if (const auto read = from.whole(0, 1'000'000)) into.policy.max_queued_builds = static_cast<long>(*read);
     }},
};

template <class Target, std::size_t Count>
void read_section(const document::entry& found, const key_rule<Target> (&rules)[Count], file_scope& scope,
                  Target& into) {
  const field from{found.content, found.key, scope};
  if (const auto* table = from.table()) {
    read_table<Target>(*table, found.line, found.key + '.', rules, scope, into);
  }
}

}  // namespace

void read_main_tables(const document::table& root, const std::vector<std::string>& foreign_tables, file_scope& scope,
                      catalog& into) {
  std::vector<std::string_view> known = {"host", "cache", "limits", "plugins", "tenants"};
  known.insert(known.end(), foreign_tables.begin(), foreign_tables.end());
  for (const auto& found : root) {
    if (found.key == "host") {
      read_section(found, host_keys, scope, into.host);
      auto& host = into.host;
      if (host.state_dir.empty() && !host.store_dir.empty())
        host.state_dir = (host.store_dir / ".." / "state").lexically_normal();
    } else if (found.key == "cache") {
      read_section(found, cache_keys, scope, into.cache);
    } else if (found.key == "limits") {
      read_limits({found.content, found.key, scope}, into.limits);
    } else if (found.key == "plugins") {
      read_plugin_tables(found, scope, into.plugins);
    } else if (std::ranges::find(known, found.key) == known.end()) {
      scope.error(found.line, "unknown key or table " + in_quotes(found.key) + ", expected one of " + in_a_row(known) +
                                  did_you_mean(found.key, known));
    } else {
      field{found.content, found.key, scope}.table();
    }
  }
  if (document::find(root, "host") == nullptr) {
    scope.error(1, "expected a table [host] with plugin_dirs and store_dir, found none");
  }
}

}  // namespace tenon
