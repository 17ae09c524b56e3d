#include "isolation/bulkheads.hpp"

#include <utility>

namespace tenon {

void bulkheads::assign(const std::map<std::string, call_limits, std::less<>>& limits) {
  table next;
  for (const auto& [tenant, wanted] : limits) {
    auto kept = find(tenant);
    if (kept)
      kept->set_limits(wanted);
    else
      kept = std::make_shared<bulkhead>(tenant, wanted, environment_);
    next.emplace(tenant, std::move(kept));
  }
  {
    const std::lock_guard lock(mutex_);
    by_tenant_.swap(next);
  }
  for (const auto& [tenant, old] : next) {
    if (!limits.contains(tenant)) old->close();
  }
}

void bulkheads::call(std::string_view tenant, call_request request, reply_handler done) const {
  const auto found = find(tenant);
  if (!found) return environment_->start(std::move(request), std::move(done));
  found->call(std::move(request), std::move(done));
}

void bulkheads::renew(std::string_view tenant) const {
  if (const auto found = find(tenant)) found->renew();
}

tenant_calls bulkheads::status_of(std::string_view tenant) const {
  const auto found = find(tenant);
  return found ? found->status() : tenant_calls();
}

void bulkheads::close() {
  table all;
  {
    const std::lock_guard lock(mutex_);
    all = by_tenant_;
  }
  for (const auto& [tenant, each] : all) each->close();
}

std::shared_ptr<bulkhead> bulkheads::find(std::string_view tenant) const {
  const std::lock_guard lock(mutex_);
  const auto at = by_tenant_.find(tenant);
  return at == by_tenant_.end() ? nullptr : at->second;
}

}  // namespace tenon
