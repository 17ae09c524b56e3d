#include "router/tenant_platforms.hpp"

#include "base/asio_scheduler.hpp"

#include <boost/asio/post.hpp>

#include <random>
#include <utility>

namespace tenon {
namespace {

using built_handler = tenant_platforms::cache::built_handler;

/// Asks the factory for a platform, on this thread.
void ask(factory& source, const std::string& tenant, std::stop_token stop, built_handler done) {
  auto spare = done.spare();
  try {
    source.build(tenant, std::move(stop),
                 [tenant, done = std::move(done)](result<std::shared_ptr<platform>> built) mutable {
                   if (built && *built == nullptr)
                     return done(tenant_not_found("the factory has no platform for tenant \"" + tenant + '"'));
                   done(std::move(built));
                 });
  } catch (...) {
    spare(error_of_current_exception("the factory"));
  }
}

tenant_platforms::cache::builder builder_of(std::shared_ptr<factory> source, boost::asio::any_io_executor blocking) {
  return [source = std::move(source), blocking = std::move(blocking)](const std::string& tenant, std::stop_token stop,
                                                                      built_handler done) {
    if (!source->blocks()) return ask(*source, tenant, std::move(stop), std::move(done));
    boost::asio::post(blocking, [source, tenant, stop = std::move(stop), done = std::move(done)]() mutable {
      ask(*source, tenant, std::move(stop), std::move(done));
    });
  };
}

std::uint64_t random_seed() {
  std::random_device kernel;
  return std::uint64_t{kernel()} << 32 | kernel();
}

}  // namespace

tenant_platforms::tenant_platforms(boost::asio::any_io_executor executor, boost::asio::any_io_executor blocking,
                                   const clock& time, std::shared_ptr<factory> source, loading_options options)
    : cache_(cache::make(time, std::make_shared<asio_scheduler>(std::move(executor)),
                         std::make_shared<splitmix_source>(random_seed()),
                         builder_of(std::move(source), std::move(blocking)), std::move(options))) {}

void tenant_platforms::invalidate(std::string_view tenant) noexcept {
  cache_->invalidate(tenant);
  cache_->dispose();
}

void tenant_platforms::invalidate() noexcept {
  cache_->invalidate();
  cache_->dispose();
}

bool tenant_platforms::replace(std::string_view tenant, std::shared_ptr<platform> successor) {
  const bool replaced = cache_->replace(tenant, std::move(successor));
  cache_->dispose();
  return replaced;
}

void tenant_platforms::shut_down(std::chrono::nanoseconds patience, unique_function<void(router_remains)> done) {
  cache_->shut_down(patience, [done = std::move(done)](cache_remains left) mutable {
    router_remains told{.building = std::move(left.building)};
    for (auto& each : left.holders) told.held.push_back({std::move(each.tenant), each.leases, each.oldest_lease});
    done(std::move(told));
  });
  cache_->dispose();
}

cache_status tenant_platforms::status() const {
  const auto held = cache_->report();
  const auto counts = cache_->counts();
  const auto removed = [&held](removal cause) { return held.removed[static_cast<std::size_t>(cause)]; };
  return {.size = held.size,
          .leases = held.leases(),
          .pinned = held.pinned(),
          .oldest_lease = held.oldest_lease(),
          .oldest_pinned = held.oldest_pinned(),
          .removed_for_size = removed(removal::size),
          .removed_expired = removed(removal::expired),
          .removed_invalidated = removed(removal::invalidated),
          .removed_replaced = removed(removal::replaced),
          .removed_lost = removed(removal::lost),
          .misses = counts.misses,
          .coalesced = counts.coalesced,
          .refused = counts.refused,
          .failed_fast = counts.failed_fast,
          .served_stale = counts.served_stale,
          .built = counts.built,
          .failed = counts.failed,
          .discarded = counts.discarded,
          .refreshes = counts.refreshes,
          .build_time = counts.build_time};
}

}  // namespace tenon
