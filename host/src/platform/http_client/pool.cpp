#include "platform/http_client/pool.hpp"

#include <algorithm>

namespace tenon::outbound {
namespace {

using clock = std::chrono::steady_clock;

}  // namespace

permit::permit(std::shared_ptr<connection_pool> pool, std::string origin, http_share share)
    : pool_(std::move(pool)), origin_(std::move(origin)), share_(std::move(share)) {}

permit::~permit() { pool_->leave(*this); }

connection_pool::connection_pool(boost::asio::any_io_executor executor, const http_client_options& options)
    : idle_limit_(options.idle_connections_per_origin),
      limit_(std::max<std::uint32_t>(1, options.connections_per_origin)),
      idle_timeout_(options.idle_timeout),
      timer_(std::move(executor)) {}

std::unique_ptr<permit> connection_pool::enter(std::string origin, http_share share, unique_function<void()> entered) {
  auto made = std::make_unique<permit>(shared_from_this(), std::move(origin), std::move(share));
  made->entered_ = std::move(entered);
  const std::scoped_lock lock(mutex_);
  auto& at = origins_[made->origin_];
  at.waiting.push_back(made.get());
  ++owners_[made->share_.owner].waiting;
  let_in(at);
  return made;
}

/// Whose owner has the fewest inside comes first, and of those who has waited longest.
permit* connection_pool::next_of(const origin_state& at) const {
  permit* next = nullptr;
  std::uint32_t fewest = 0;
  for (auto* const each : at.waiting) {
    const auto inside = owners_.at(each->share_.owner).inside;
    if (each->share_.limit != 0 && inside >= each->share_.limit) continue;
    if (next != nullptr && inside >= fewest) continue;
    next = each;
    fewest = inside;
    if (inside == 0) break;
  }
  return next;
}

void connection_pool::let_in(origin_state& at) {
  while (at.inside < limit_) {
    auto* const next = next_of(at);
    if (next == nullptr) return;
    let_in(at, *next);
  }
}

void connection_pool::let_in(origin_state& at, permit& next) {
  std::erase(at.waiting, &next);
  auto& owner = owners_[next.share_.owner];
  --owner.waiting;
  ++owner.inside;
  ++at.inside;
  next.inside_ = true;
  if (!at.idles.empty()) {
    // The last one in is the least likely to be closed by its peer.
    next.kept_ = std::move(at.idles.back().kept);
    at.idles.pop_back();
  }
  next.entered_();
}

void connection_pool::leave(permit& from) {
  dropped gone;
  const std::scoped_lock lock(mutex_);
  const auto found = origins_.find(from.origin_);
  if (found == origins_.end()) return;
  auto& at = found->second;
  if (from.kept_ && closed_) gone.push_back(std::move(from.kept_));
  if (from.kept_) at.idles.push_back({std::move(from.kept_), clock::now() + idle_timeout_});
  const auto owner = owners_.find(from.share_.owner);
  if (!from.inside_) {
    std::erase(at.waiting, &from);
    --owner->second.waiting;
  } else {
    --at.inside;
    --owner->second.inside;
    let_in(at);
    // The room that its owner has now may be for a request to another origin.
    if (owner->second.waiting > 0) {
      for (auto& [origin, other] : origins_) let_in(other);
    }
  }
  if (owner->second.inside == 0 && owner->second.waiting == 0) owners_.erase(owner);
  if (at.idles.size() > idle_limit_) {
    gone.push_back(std::move(at.idles.front().kept));
    at.idles.pop_front();
  }
  if (!at.idles.empty())
    sweep_at(at.idles.front().until);
  else if (at.inside == 0 && at.waiting.empty())
    origins_.erase(found);
}

void connection_pool::forget(const std::string& origin) {
  std::deque<idle> gone;
  const std::scoped_lock lock(mutex_);
  if (const auto found = origins_.find(origin); found != origins_.end()) gone.swap(found->second.idles);
}

void connection_pool::close() {
  dropped gone;
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  timer_.cancel();
  for (auto& [origin, at] : origins_)
    for (auto& each : std::exchange(at.idles, {})) gone.push_back(std::move(each.kept));
}

void connection_pool::sweep_at(clock::time_point when) {
  if (sweeping_ || closed_) return;
  sweeping_ = true;
  timer_.expires_at(when);
  timer_.async_wait([self = weak_from_this()](boost::system::error_code cancelled) {
    if (const auto pool = self.lock(); pool && !cancelled) pool->sweep();
  });
}

void connection_pool::sweep() {
  dropped gone;
  const std::scoped_lock lock(mutex_);
  sweeping_ = false;
  const auto now = clock::now();
  auto next = clock::time_point::max();
  for (auto at = origins_.begin(); at != origins_.end();) {
    auto& [origin, state] = *at;
    while (!state.idles.empty() && state.idles.front().until <= now) {
      gone.push_back(std::move(state.idles.front().kept));
      state.idles.pop_front();
    }
    if (!state.idles.empty()) next = std::min(next, state.idles.front().until);
    const bool unused = state.idles.empty() && state.waiting.empty() && state.inside == 0;
    at = unused ? origins_.erase(at) : std::next(at);
  }
  if (next != clock::time_point::max()) sweep_at(next);
}

}  // namespace tenon::outbound
