#include "base/release.hpp"
#include "router/proposal_routes.hpp"
#include "router/start_call.hpp"
#include "router/tenant_platforms.hpp"

#include <tenon/router.hpp>

#include <cmath>
#include <utility>

namespace tenon {
namespace {

error configuration_error(std::string message) { return make_error("CONFIGURATION_ERROR", std::move(message)); }

std::optional<error> check_bounds(const lazy_router_options& options) {
  if (options.cache_size < 1) {
    return configuration_error("Expected cache_size of at least 1, found " + std::to_string(options.cache_size) +
                               "; say how many platforms may be kept.");
  }
  if (!(options.cache_ttl_seconds >= 0)) {
    return configuration_error("Expected cache_ttl_seconds of at least 0, found " +
                               std::to_string(options.cache_ttl_seconds) + "; 0 means no expiry by time.");
  }
  return std::nullopt;
}

/// A positive time stays positive, however small, as zero means for ever; a time beyond the clock's range
/// means that range.
std::chrono::nanoseconds time_to_live(double seconds) {
  constexpr double longest_s = 9e9;  // 285 years
  if (seconds >= longest_s) return std::chrono::nanoseconds::max();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(seconds * 1e9)));
}

}  // namespace

struct lazy_platform_router::state : std::enable_shared_from_this<state> {
  state(boost::asio::any_io_executor executor, boost::asio::any_io_executor blocking_executor, const clock& time,
        proposal_routes routes, lazy_router_options options)
      : blocking(std::move(blocking_executor)),
        accounts(std::move(options.accounts)),
        source(std::move(options.factory)),
        tasks(std::move(options.tasks)),
        proposals(std::move(routes)),
        platforms(
            std::make_shared<tenant_platforms>(std::move(executor), blocking, time, source,
                                               tenant_platforms::limits{static_cast<std::size_t>(options.cache_size),
                                                                        time_to_live(options.cache_ttl_seconds)},
                                               options.cold_start)) {}

  bool implements(std::string_view task) const noexcept {
    return tasks.empty() ? release::find_task(task) != nullptr : tasks.contains(task);
  }

  void start(call_request request, reply_handler done);
  void start_cold(std::string tenant, call_request request, reply_handler done);
  result<std::optional<bool>> foresee(const std::string& tenant, std::string_view task) const;

  const boost::asio::any_io_executor blocking;
  const std::shared_ptr<const account_store> accounts;
  const std::shared_ptr<tenon::factory> source;
  const std::set<std::string, std::less<>> tasks;
  const proposal_routes proposals;
  const std::shared_ptr<tenant_platforms> platforms;
};

void lazy_platform_router::state::start(call_request request, reply_handler done) {
  const auto& metadata = request.context.account.metadata;
  const auto named = metadata.find("tenant_id");
  if (named == metadata.end() || named->second.empty()) {
    return done(tenant_not_found("account " + request.context.account.id + " has no tenant_id in its metadata"));
  }
  const auto& tenant = named->second;
  if (!implements(request.task)) return done(not_implemented(request.task, tenant));
  if (request.task == "get_products") {
    if (auto manager = proposals.manager(tenant)) {
      // No platform is built for a manager, but a tenant that is gone or disabled is not served by it either.
      if (auto known = foresee(tenant, request.task); !known) return done(std::move(known).error());
      return start_on_manager(blocking, std::move(manager), std::move(request), std::move(done));
    }
    if (asks_for_refinement(request.body)) request.task = refine_task;
  }
  if (auto cached = platforms->find(tenant)) {
    return start_on_platform(blocking, std::move(cached), std::move(request), std::move(done));
  }
  std::string name = tenant;
  start_cold(std::move(name), std::move(request), std::move(done));
}

void lazy_platform_router::state::start_cold(std::string tenant, call_request request, reply_handler done) {
  const auto known = foresee(tenant, request.task);
  if (!known) return done(known.error());
  if (*known && !**known) return done(not_implemented(request.task, tenant));
  auto stop = request.context.stop;
  platforms->build(std::move(tenant), std::move(stop),
                   [self = shared_from_this(), request = std::move(request),
                    done = std::move(done)](result<std::shared_ptr<platform>> built) mutable {
                     if (!built) return done(std::move(built).error());
                     start_on_platform(self->blocking, std::move(*built), std::move(request), std::move(done));
                   });
}

result<std::optional<bool>> lazy_platform_router::state::foresee(const std::string& tenant,
                                                                 std::string_view task) const {
  try {
    return source->foresees(tenant, task);
  } catch (...) {
    return error_of_current_exception("the factory");
  }
}

result<std::shared_ptr<lazy_platform_router>> lazy_platform_router::make(boost::asio::any_io_executor executor,
                                                                         boost::asio::any_io_executor blocking,
                                                                         const clock& time,
                                                                         lazy_router_options options) {
  if (auto wrong = check_bounds(options)) return *std::move(wrong);
  proposal_routes routes(std::move(options.proposal_managers), std::move(options.proposal_stores),
                         std::move(options.proposal_store_factory));
  if (auto wrong = routes.check()) return *std::move(wrong);
  if (!options.factory)
    return configuration_error("Expected a factory of platforms, found none; give one in `factory`.");
  auto shared =
      std::make_shared<state>(std::move(executor), std::move(blocking), time, std::move(routes), std::move(options));
  return std::shared_ptr<lazy_platform_router>(new lazy_platform_router(std::move(shared)));
}

lazy_platform_router::lazy_platform_router(std::shared_ptr<state> shared) : state_(std::move(shared)) {}

// Builds in flight hold the state. They end, serve who waits for them, and find their tickets outdated:
// nothing is kept from here on.
lazy_platform_router::~lazy_platform_router() { invalidate(); }

bool lazy_platform_router::implements(std::string_view task) const noexcept { return state_->implements(task); }

void lazy_platform_router::start(call_request request, reply_handler done) {
  state_->start(std::move(request), std::move(done));
}

const std::shared_ptr<const account_store>& lazy_platform_router::accounts() const noexcept { return state_->accounts; }

std::shared_ptr<proposal_manager> lazy_platform_router::proposal_manager_for_tenant(const std::string& tenant) const {
  return state_->proposals.manager(tenant);
}

std::shared_ptr<proposal_store> lazy_platform_router::proposal_store_for_tenant(const std::string& tenant) const {
  return state_->proposals.store(tenant);
}

void lazy_platform_router::platform_for_tenant(std::string tenant, build_handler done) {
  if (tenant.empty()) return done(tenant_not_found("an empty tenant_id was looked up"));
  if (auto cached = state_->platforms->find(tenant)) return done(std::move(cached));
  state_->platforms->build(std::move(tenant), {}, std::move(done));
}

std::shared_ptr<platform> lazy_platform_router::cached_platform(const std::string& tenant) {
  return state_->platforms->find(tenant);
}

void lazy_platform_router::invalidate(const std::string& tenant) noexcept { state_->platforms->invalidate(tenant); }

void lazy_platform_router::invalidate() noexcept { state_->platforms->invalidate(); }

bool lazy_platform_router::replace(const std::string& tenant, std::shared_ptr<platform> successor) {
  return state_->platforms->replace(tenant, std::move(successor));
}

std::vector<std::string> lazy_platform_router::cached_tenants() const { return state_->platforms->tenants(); }

}  // namespace tenon
