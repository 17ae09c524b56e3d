#include "sandbox/router.hpp"

#include "sandbox/control.hpp"
#include "sandbox/gam/routes.hpp"
#include "sandbox/kevel/routes.hpp"

namespace tenon::sandbox {
namespace {

std::span<const endpoint> table_for(api which) noexcept {
  switch (which) {
    case api::token: return token_routes();
    case api::gam: return gam::routes();
    case api::kevel: return kevel::routes();
    case api::control: return control_routes();
  }
  return {};
}

/// "{report}:run" takes "41:run" for 41; a placeholder alone takes no custom verb.
bool match_segment(std::string_view pattern, std::string_view text, std::vector<std::string>& ids) {
  if (!pattern.starts_with('{')) return pattern == text;
  const auto suffix = pattern.substr(pattern.find('}') + 1);
  if (!text.ends_with(suffix)) return false;
  const auto id = text.substr(0, text.size() - suffix.size());
  if (id.empty() || id.find(':') != id.npos) return false;
  ids.emplace_back(id);
  return true;
}

bool match_path(std::string_view pattern, const std::vector<std::string>& path, std::vector<std::string>& ids) {
  ids.clear();
  const auto parts = split(pattern, '/');
  if (parts.size() != path.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!match_segment(parts[i], path[i], ids)) return false;
  return true;
}

}  // namespace

api api_of(std::string_view path) noexcept {
  if (path.starts_with("/_sandbox/")) return api::control;
  if (path.starts_with("/kevel/")) return api::kevel;
  return path == "/token" ? api::token : api::gam;
}

match route(std::string_view method, std::string_view encoded_path) {
  std::vector<std::string> path;
  for (const auto part : split(encoded_path, '/')) path.push_back(percent_decode(part));
  match made;
  std::vector<std::string> ids;
  for (const auto& row : table_for(api_of(encoded_path))) {
    if (!match_path(row.pattern, path, ids)) continue;
    made.path_known = true;
    if (row.method != method) continue;
    made.served = &row;
    made.ids = std::move(ids);
    return made;
  }
  return made;
}

std::string route_name(const endpoint& row) { return std::string(row.method) + " " + std::string(row.pattern); }

}  // namespace tenon::sandbox
