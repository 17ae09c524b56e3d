#include "router/proposal_routes.hpp"
#include "router/start_call.hpp"

#include <tenon/router.hpp>

#include <algorithm>
#include <utility>

namespace tenon {

struct platform_router::state {
  boost::asio::any_io_executor blocking;
  std::shared_ptr<const account_store> accounts;
  std::map<std::string, std::shared_ptr<platform>, std::less<>> platforms;
  proposal_routes proposals;
};

result<std::shared_ptr<platform_router>> platform_router::make(boost::asio::any_io_executor,
                                                               boost::asio::any_io_executor blocking,
                                                               eager_router_options options) {
  if (options.platforms.empty()) {
    return make_error("CONFIGURATION_ERROR", "Expected at least one platform, found none; give one in `platforms`.");
  }
  for (const auto& [tenant, held] : options.platforms) {
    if (held != nullptr) continue;
    return make_error("CONFIGURATION_ERROR",
                      "Expected a platform for tenant \"" + tenant + "\", found null; leave the tenant out.");
  }
  proposal_routes routes(std::move(options.proposal_managers), std::move(options.proposal_stores),
                         std::move(options.proposal_store_factory));
  const auto is_tenant = [&options](const std::string& tenant) { return options.platforms.contains(tenant); };
  if (auto wrong = routes.check_orphans(is_tenant)) return *std::move(wrong);
  if (auto wrong = routes.check()) return *std::move(wrong);
  auto shared = std::make_shared<state>(state{.blocking = std::move(blocking),
                                              .accounts = std::move(options.accounts),
                                              .platforms = std::move(options.platforms),
                                              .proposals = std::move(routes)});
  return std::shared_ptr<platform_router>(new platform_router(std::move(shared)));
}

platform_router::platform_router(std::shared_ptr<state> shared) : state_(std::move(shared)) {}

platform_router::~platform_router() = default;

bool platform_router::implements(std::string_view task) const noexcept {
  if (task == "get_products" && state_->proposals.has_managers()) return true;
  return std::ranges::any_of(state_->platforms, [task](const auto& entry) { return entry.second->implements(task); });
}

void platform_router::start(call_request request, reply_handler done) {
  const auto tenant = request.context.account.tenant_id();
  if (!tenant)
    return done(tenant_not_found("account " + request.context.account.id + " has no tenant_id in its metadata"));
  auto target = platform_for_tenant(*tenant);
  if (!target) return done(target.error());
  if (request.task == "get_products") {
    if (auto manager = state_->proposals.manager(*tenant)) {
      return start_on_manager(state_->blocking, std::move(manager), std::move(request), std::move(done));
    }
    if (asks_for_refinement(request.body)) request.task = refine_task;
  }
  auto& receiver = **target;
  start_on_platform(state_->blocking, receiver, std::move(*target), std::move(request), std::move(done));
}

const std::shared_ptr<const account_store>& platform_router::accounts() const noexcept { return state_->accounts; }

std::shared_ptr<proposal_manager> platform_router::proposal_manager_for_tenant(const std::string& tenant) const {
  return state_->proposals.manager(tenant);
}

std::shared_ptr<proposal_store> platform_router::proposal_store_for_tenant(const std::string& tenant) const {
  return state_->proposals.store(tenant);
}

std::vector<std::string> platform_router::tenants() const {
  std::vector<std::string> names;
  for (const auto& [tenant, held] : state_->platforms) names.push_back(tenant);
  return names;
}

result<std::shared_ptr<platform>> platform_router::platform_for_tenant(const std::string& tenant) const {
  const auto at = state_->platforms.find(tenant);
  if (at == state_->platforms.end()) return tenant_not_found("no platform for tenant \"" + tenant + '"');
  return at->second;
}

}  // namespace tenon
