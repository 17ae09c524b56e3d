#include "router/tenant_platforms.hpp"

#include "router/outcome.hpp"

#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

namespace tenon {
namespace {

using namespace std::chrono_literals;

/// Wakes at least this often while something is kept: an embedder's clock and the timer's may drift, and time
/// points do not overflow.
constexpr std::chrono::nanoseconds longest_sleep = 1h;
/// Expiry is strictly after its instant, and timers are no finer than this.
constexpr std::chrono::nanoseconds timer_grain = 1ms;

error cancelled() {
  return make_error("SERVICE_UNAVAILABLE", "The request was cancelled.",
                    "the caller left while the platform was being built");
}

error lost_handler(const std::string& tenant) {
  return make_error("INTERNAL_ERROR", "The request could not be served because of an internal error.",
                    "tenant " + tenant + ": the factory dropped its handler without calling it");
}

}  // namespace

/// What a factory calls when a build has ended. If it loses it, the build has ended too.
class tenant_platforms::landing {
 public:
  explicit landing(flight ended) : ended_(std::move(ended)) {}
  landing(landing&&) noexcept = default;
  landing& operator=(landing&&) = delete;
  ~landing() {
    if (!ended_) return;
    try {
      (*this)(lost_handler(ended_->key()));
    } catch (...) {  // out of memory: nobody can be told
    }
  }

  void operator()(build_outcome built) {
    if (const auto ended = std::exchange(ended_, nullptr)) ended->ticket().owner->finish(ended, std::move(built));
  }

 private:
  flight ended_;
};

/// A waiter's way out of a build. The waiter holds it, so that the callback goes when the waiter has been answered.
struct tenant_platforms::departure {
  struct leave {
    flight from;
    std::uint64_t seat;

    void operator()() const {
      auto& owner = *from->ticket().owner;
      if (auto left = owner.flights_.leave(from, seat)) owner.release(std::move(*left), cancelled());
    }
  };

  std::optional<std::stop_callback<leave>> callback;
};

tenant_platforms::tenant_platforms(boost::asio::any_io_executor executor, boost::asio::any_io_executor blocking,
                                   const clock& time, std::shared_ptr<tenon::factory> factory, limits bounds,
                                   cold_start mode)
    : executor_(std::move(executor)),
      blocking_(std::move(blocking)),
      time_(time),
      factory_(std::move(factory)),
      mode_(mode),
      time_to_live_(bounds.time_to_live),
      disposal_(std::make_shared<disposal>()),
      cache_(bounds.size, time,
             [executor = executor_, disposal = disposal_] {
               boost::asio::post(executor, [disposal] {
                 const std::lock_guard lock(disposal->mutex);
                 if (disposal->owner != nullptr) disposal->owner->cache_.dispose();
               });
             }),
      expiry_(executor_) {
  disposal_->owner = this;
}

tenant_platforms::~tenant_platforms() {
  const std::lock_guard lock(disposal_->mutex);
  disposal_->owner = nullptr;
}

lifetime tenant_platforms::life() const {
  if (time_to_live_ == time_to_live_.zero()) return {};
  const auto now = time_.steady_now();
  const auto end = time_to_live_ > steady_time::max() - now ? steady_time::max() : now + time_to_live_;
  return {.refresh_at = end, .expires_at = end, .gone_at = end};
}

void tenant_platforms::build(std::string tenant, std::stop_token stop, build_handler done) {
  if (stop.stop_requested()) return release(std::move(done), cancelled());
  auto leaving = std::make_shared<departure>();
  build_handler waiter = [leaving, done = std::move(done)](build_outcome built) mutable { done(std::move(built)); };
  const auto begin = [this, &tenant] { return begin_build(tenant); };
  const auto seat = mode_ == cold_start::coalesce ? flights_.join(tenant, std::move(waiter), begin)
                                                  : flights_.board_alone(tenant, begin(), std::move(waiter));
  // The waiter may be answered and gone before the callback is in place: `leaving` is held here as well.
  if (stop.stop_possible()) leaving->callback.emplace(std::move(stop), departure::leave{seat.on, seat.seat});
  if (seat.starts) start(seat.on);
}

void tenant_platforms::start(const flight& started) {
  if (mode_ == cold_start::coalesce) {
    // Another build may have landed between this request's miss and its joining. A build is stored before it
    // stops to be joinable, so looking once more finds it.
    if (auto kept = find(started->key())) return hand_out(started, std::move(kept));
  }
  build_handler done = landing(started);
  if (!factory_->blocks()) return ask_factory(started, std::move(done));
  boost::asio::post(blocking_, [started, done = std::move(done)]() mutable {
    started->ticket().owner->ask_factory(started, std::move(done));
  });
}

void tenant_platforms::ask_factory(const flight& started, build_handler done) {
  auto spare = done.spare();
  try {
    factory_->build(started->key(), started->stop(), std::move(done));
  } catch (...) {
    spare(error_of_current_exception("the factory"));
  }
}

void tenant_platforms::finish(const flight& ended, build_outcome built) {
  if (built && *built == nullptr)
    built = tenant_not_found("the factory has no platform for tenant \"" + ended->key() + '"');
  if (built && cache_.store(ended->ticket().generations, *built, life()).kept) arm_expiry();
  hand_out(ended, built);
}

void tenant_platforms::hand_out(const flight& ended, const build_outcome& outcome) {
  for (auto& waiter : flights_.land(ended)) release(std::move(waiter), outcome);
}

/// Posted, so that a thread which ends a build, or cancels a request, does not run the calls of all who waited.
void tenant_platforms::release(build_handler waiter, build_outcome outcome) {
  boost::asio::post(
      executor_, [waiter = std::move(waiter), outcome = std::move(outcome)]() mutable { waiter(std::move(outcome)); });
}

bool tenant_platforms::replace(std::string_view tenant, std::shared_ptr<platform> successor) {
  const bool replaced = cache_.replace(tenant, std::move(successor), life());
  if (replaced) arm_expiry();
  return replaced;
}

void tenant_platforms::arm_expiry() {
  const auto next = cache_.next_expiry();
  if (!next || expiry_armed_.exchange(true)) return;
  const auto now = time_.steady_now();
  const auto sleep = *next > now ? *next - now : std::chrono::nanoseconds::zero();
  expiry_.expires_after(std::min(sleep, longest_sleep) + timer_grain);
  expiry_.async_wait([weak = weak_from_this()](const boost::system::error_code&) {
    const auto self = weak.lock();
    if (!self) return;
    self->expiry_armed_ = false;
    self->cache_.purge_expired(self->time_.steady_now());
    self->arm_expiry();
  });
}

}  // namespace tenon
