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

std::optional<error> out_of_bounds(const char* name, const std::string& expected, double found) {
  return configuration_error(std::string("Expected ") + name + " of " + expected + ", found " + std::to_string(found) +
                             ".");
}

std::optional<error> check_policy(const cache_policy& policy) {
  if (!(policy.ttl_jitter >= 0 && policy.ttl_jitter < 1))
    return out_of_bounds("ttl_jitter", "at least 0 and below 1", policy.ttl_jitter);
  if (!(policy.stale_if_error_seconds >= 0))
    return out_of_bounds("stale_if_error_seconds", "at least 0", policy.stale_if_error_seconds);
  if (!(policy.build_timeout_seconds >= 0))
    return out_of_bounds("build_timeout_seconds", "at least 0", policy.build_timeout_seconds);
  if (policy.max_builds < 1) return out_of_bounds("max_builds", "at least 1", static_cast<double>(policy.max_builds));
  if (policy.max_queued_builds < 0)
    return out_of_bounds("max_queued_builds", "at least 0", static_cast<double>(policy.max_queued_builds));
  return std::nullopt;
}

std::optional<error> check_bounds(const lazy_router_options& options) {
  if (options.cache_size < 1) {
    return configuration_error("Expected cache_size of at least 1, found " + std::to_string(options.cache_size) +
                               "; say how many platforms may be kept.");
  }
  if (!(options.cache_ttl_seconds >= 0)) {
    return configuration_error("Expected cache_ttl_seconds of at least 0, found " +
                               std::to_string(options.cache_ttl_seconds) + "; 0 means no expiry by time.");
  }
  return check_policy(options.policy);
}

/// A positive time stays positive, however small, as zero means for ever; a time beyond the clock's range
/// means that range.
std::chrono::nanoseconds time_to_live(double seconds) {
  constexpr double longest_s = 9e9;  // 285 years
  if (seconds >= longest_s) return std::chrono::nanoseconds::max();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(seconds * 1e9)));
}

loading_options loading(const lazy_router_options& options) {
  const auto& policy = options.policy;
  const auto lives = time_to_live(options.cache_ttl_seconds);
  // At the latest a tenth before the end, and earlier by what a build takes, most of the time.
  return {.size = static_cast<std::size_t>(options.cache_size),
          .freshness = {.time_to_live = lives,
                        .jitter = policy.ttl_jitter,
                        .from_build_start = policy.ttl_from_build_start,
                        .refresh_beta = policy.refresh_ahead ? 1.0 : 0.0,
                        .refresh_min_lead = lives / 10,
                        .stale_if_error = time_to_live(policy.stale_if_error_seconds)},
          .cold_start = options.cold_start,
          .on_failure = policy.failure,
          .max_builds = static_cast<std::size_t>(policy.max_builds),
          .max_queued_builds = static_cast<std::size_t>(policy.max_queued_builds),
          .build_timeout = time_to_live(policy.build_timeout_seconds)};
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
        platforms(std::move(executor), blocking, time, source, loading(options)) {}

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
  tenant_platforms platforms;
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
  if (auto cached = platforms.find(tenant)) {
    auto& target = **cached;
    return start_on_platform(blocking, target, std::move(cached), std::move(request), std::move(done));
  }
  std::string name = tenant;
  start_cold(std::move(name), std::move(request), std::move(done));
}

void lazy_platform_router::state::start_cold(std::string tenant, call_request request, reply_handler done) {
  const auto known = foresee(tenant, request.task);
  if (!known) return done(known.error());
  if (*known && !**known) return done(not_implemented(request.task, tenant));
  auto stop = request.context.stop;
  platforms.get(std::move(tenant), std::move(stop),
                [self = shared_from_this(), request = std::move(request),
                 done = std::move(done)](result<tenant_platforms::lease> built) mutable {
                  if (!built) return done(std::move(built).error());
                  auto& target = ***built;
                  start_on_platform(self->blocking, target, std::move(*built), std::move(request), std::move(done));
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
  if (const auto cached = state_->platforms.find(tenant)) return done(*cached);
  state_->platforms.get(std::move(tenant), {}, [done = std::move(done)](result<tenant_platforms::lease> built) mutable {
    if (!built) return done(std::move(built).error());
    done(**built);
  });
}

std::shared_ptr<platform> lazy_platform_router::cached_platform(const std::string& tenant) {
  const auto cached = state_->platforms.find(tenant);
  return cached ? *cached : nullptr;
}

std::shared_ptr<platform> lazy_platform_router::peek_platform(const std::string& tenant) const {
  const auto cached = state_->platforms.peek(tenant);
  return cached ? *cached : nullptr;
}

void lazy_platform_router::invalidate(const std::string& tenant) noexcept { state_->platforms.invalidate(tenant); }

void lazy_platform_router::invalidate() noexcept { state_->platforms.invalidate(); }

bool lazy_platform_router::replace(const std::string& tenant, std::shared_ptr<platform> successor) {
  return state_->platforms.replace(tenant, std::move(successor));
}

void lazy_platform_router::forget_failure(const std::string& tenant) noexcept {
  state_->platforms.forget_failure(tenant);
}

void lazy_platform_router::shut_down(std::chrono::nanoseconds patience, unique_function<void(router_remains)> done) {
  state_->platforms.shut_down(patience, std::move(done));
}

cache_status lazy_platform_router::cache() const { return state_->platforms.status(); }

std::vector<std::string> lazy_platform_router::cached_tenants() const { return state_->platforms.tenants(); }

}  // namespace tenon
