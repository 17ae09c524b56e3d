#include "limits/auth_failures.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace tenon::tenond {

rate auth_failures::rate_of(std::uint32_t per_minute) noexcept {
  return {.per_second = per_minute / 60.0, .burst = std::max(1.0, static_cast<double>(per_minute))};
}

/// All zeros for what is no address.
auth_failures::network auth_failures::network_of(std::string_view address) noexcept {
  boost::system::error_code malformed;
  const auto parsed = boost::asio::ip::make_address(address, malformed);
  if (malformed) return {};
  if (parsed.is_v4()) return boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, parsed.to_v4()).to_bytes();
  auto bytes = parsed.to_v6().to_bytes();
  if (!parsed.to_v6().is_v4_mapped()) std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return bytes;
}

auth_failures::source& auth_failures::find(std::string_view address, steady_time now) {
  const auto from = network_of(address);
  if (const auto known = places_.find(from); known != places_.end()) {
    sources_.splice(sources_.begin(), sources_, known->second);
    return sources_.front();
  }
  if (sources_.size() >= most_addresses_) {
    places_.erase(sources_.back().from);
    sources_.pop_back();
  }
  sources_.push_front({.from = from, .failures = token_bucket(allowed_, now), .principals = {}});
  places_.emplace(from, sources_.begin());
  return sources_.front();
}

void auth_failures::assign(std::uint32_t per_minute) {
  const auto now = time_.steady_now();
  const std::lock_guard lock(mutex_);
  allowed_ = rate_of(per_minute);
  for (auto& each : sources_) each.failures.change(allowed_, now);
}

std::optional<std::uint32_t> auth_failures::failed(std::string_view address) {
  const std::lock_guard lock(mutex_);
  ++figures_.failed;
  if (!allowed_.is_limit()) return std::nullopt;
  const auto now = time_.steady_now();
  auto& from = find(address, now);
  if (from.failures.take(now)) return std::nullopt;
  ++figures_.refused;
  return from.failures.retry_after_s(now);
}

std::optional<std::uint32_t> auth_failures::succeeded(std::string_view address, std::string_view principal) {
  std::string name(principal);
  const std::lock_guard lock(mutex_);
  if (!allowed_.is_limit()) return std::nullopt;
  const auto now = time_.steady_now();
  auto& from = find(address, now);
  if (from.principals.contains(name)) return std::nullopt;
  if (!from.failures.has_token(now)) {
    ++figures_.refused;
    return from.failures.retry_after_s(now);
  }
  from.principals.insert(std::move(name));
  return std::nullopt;
}

auth_failures::figures auth_failures::now() const {
  const std::lock_guard lock(mutex_);
  auto made = figures_;
  made.addresses = sources_.size();
  return made;
}

}  // namespace tenon::tenond
