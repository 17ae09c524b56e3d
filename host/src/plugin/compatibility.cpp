// What this host offers to plugins, held against what one of them asks for.
#include "base/suggest.hpp"
#include "plugin/manifest.hpp"
#include "plugin/refusal.hpp"

#include <tenon/abi/types.h>

#include <algorithm>
#include <array>

namespace tenon {
namespace {

constexpr std::array<std::string_view, 9> offered_services{"log/1",    "clock/1",   "timer/1", "http/1", "crypto/1",
                                                           "secret/1", "limiter/1", "store/1", "task/1"};
constexpr std::string_view served_adcp = "3.0";
constexpr std::string_view own_sanitizer = TENON_SANITIZE;

std::string version(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

/// "thread" and "address,undefined" whatever the order they were given in.
std::string sorted_list(std::string_view names) {
  std::vector<std::string> parts;
  while (!names.empty()) {
    const auto comma = std::min(names.find(','), names.size());
    if (comma > 0) parts.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  std::ranges::sort(parts);
  std::string joined;
  for (const auto& part : parts) joined += (joined.empty() ? "" : ",") + part;
  return joined;
}

void check_abi(const manifest& plugin, std::vector<std::string>& findings) {
  const auto host = std::pair{TENON_ABI_MAJOR, TENON_ABI_MINOR};
  // What an older minor version has, this one has, too: docs/abi.md.
  if (plugin.abi_major == host.first && plugin.abi_minor <= host.second) return;
  findings.push_back("the host has plugin ABI " + version(host.first, host.second) + ", the plugin was built for " +
                     version(plugin.abi_major, plugin.abi_minor) + "; build it with this release's SDK");
}

void check_sanitizer(const manifest& plugin, std::vector<std::string>& findings) {
  const auto host = sorted_list(own_sanitizer);
  const auto found = sorted_list(plugin.sanitizer);
  if (host == found) return;
  const auto named = [](const std::string& list) { return list.empty() ? std::string("no sanitizer") : list; };
  findings.push_back("the host is built with " + named(host) + ", the plugin with " + named(found) +
                     "; build both the same way (-fsanitize=)");
}

void check_services(const manifest& plugin, std::vector<std::string>& findings) {
  for (const auto& service : plugin.services) {
    if (std::ranges::find(offered_services, service) != offered_services.end()) continue;
    std::string offered;
    for (const auto name : offered_services) offered += (offered.empty() ? "" : ", ") + std::string(name);
    findings.push_back("the plugin needs the service \"" + service + "\", this host offers " + offered +
                       did_you_mean(service, offered_services) +
                       "; take it out of the manifest's services, or use a newer host");
  }
}

}  // namespace

result<void> check_compatibility(const manifest& plugin) {
  std::vector<std::string> findings;
  check_abi(plugin, findings);
  check_sanitizer(plugin, findings);
  check_services(plugin, findings);
  if (plugin.adcp != served_adcp) {
    findings.push_back("the host serves AdCP " + std::string(served_adcp) + ", the plugin speaks \"" + plugin.adcp +
                       "\"; set \"adcp\" in the manifest to the release its tasks speak");
  }
  if (findings.empty()) return {};
  std::string all;
  for (const auto& finding : findings) all += (all.empty() ? "" : "; ") + finding;
  return refusal(std::move(all));
}

}  // namespace tenon
