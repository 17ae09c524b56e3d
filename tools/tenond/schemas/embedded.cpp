#include "schemas/embedded.hpp"

#include <algorithm>

namespace tenon::tenond::schemas::embedded {

std::optional<std::string_view> find_document(std::string_view path) noexcept {
  const auto found = std::ranges::lower_bound(documents(), path, {}, &document::path);
  return found == documents().end() || found->path != path ? std::nullopt : std::optional(found->text);
}

}  // namespace tenon::tenond::schemas::embedded
