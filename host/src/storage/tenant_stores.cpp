#include "storage/tenant_stores.hpp"

namespace tenon {

result<std::shared_ptr<tenant_store>> tenant_stores::of(const std::string& tenant) {
  std::shared_ptr<place> at;
  {
    const std::lock_guard lock(mutex_);
    auto& known = places_[tenant];
    if (!known) known = std::make_shared<place>();
    at = known;
  }
  const std::lock_guard opening(at->opening);
  if (auto opened = at->opened.lock()) return opened;
  auto opened = tenant_store::open(directory_ / "tenants" / (tenant + ".sqlite"), max_bytes_);
  if (opened) at->opened = *opened;
  return opened;
}

}  // namespace tenon
