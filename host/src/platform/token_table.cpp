#include "platform/token_table.hpp"

#include <algorithm>

namespace tenon {
namespace {

// 16 bits of slot, 48 of generation: at a million calls a second a slot lasts nine years, then it stays unused.
constexpr unsigned slot_bits = 16;
constexpr std::uint64_t last_generation = (std::uint64_t{1} << (64 - slot_bits)) - 1;

constexpr std::size_t index_of(tenon_token token) noexcept { return token & token_table::capacity; }
constexpr tenon_token make_token(std::uint64_t generation, std::size_t index) noexcept {
  return generation << slot_bits | index;
}

}  // namespace

tenon_token token_table::reserve() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    if (slots_.size() == capacity) return 0;
    // free_ can take every slot back without allocating: claim() must not fail.
    if (free_.capacity() <= slots_.size()) free_.reserve(std::max<std::size_t>(16, 2 * slots_.size()));
    slots_.emplace_back();
    free_.push_back(static_cast<std::uint16_t>(slots_.size() - 1));
  }
  const auto index = free_.back();
  free_.pop_back();
  ++used_;
  return make_token(slots_[index].generation, index);
}

bool token_table::open(tenon_token token, open_call_ptr call) {
  const std::lock_guard lock(mutex_);
  auto& opened = slots_[index_of(token)];
  opened.call = std::move(call);
  if (opened.call->deadline >= next_sweep_) return false;
  next_sweep_ = opened.call->deadline;
  return true;
}

token_table::slot* token_table::find(tenon_token token) noexcept {
  const auto index = index_of(token);
  if (index >= slots_.size()) return nullptr;
  auto& found = slots_[index];
  return found.call && make_token(found.generation, index) == token ? &found : nullptr;
}

const token_table::slot* token_table::find(tenon_token token) const noexcept {
  return const_cast<token_table*>(this)->find(token);
}

open_call_ptr token_table::release(std::size_t index) noexcept {
  auto& released = slots_[index];
  auto call = std::move(released.call);
  if (++released.generation <= last_generation) free_.push_back(static_cast<std::uint16_t>(index));
  --used_;
  return call;
}

token_table::claimed token_table::claim(tenon_token token) noexcept {
  const std::lock_guard lock(mutex_);
  if (find(token) == nullptr) return {};
  claimed result{.call = release(index_of(token))};
  result.drained = watched_ && used_ == 0;
  return result;
}

token_state token_table::find_state(tenon_token token) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto* const found = find(token);
  if (found == nullptr) return token_state::gone;
  return found->call->stopped ? token_state::stopped : token_state::open;
}

bool token_table::may_submit(tenon_token token) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto* const found = find(token);
  return found != nullptr && found->call->may_submit;
}

token_table::stopped token_table::stop(tenon_token token, steady_time deadline) noexcept {
  const std::lock_guard lock(mutex_);
  auto* found = find(token);
  if (found == nullptr || found->call->stopped) return {};
  found->call->stopped = true;
  found->call->deadline = std::min(found->call->deadline, deadline);
  if (found->call->deadline >= next_sweep_) return {.was_open = true};
  next_sweep_ = found->call->deadline;
  return {.was_open = true, .arm = true};
}

token_table::swept token_table::sweep(steady_time until) {
  swept result;
  const std::lock_guard lock(mutex_);
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    auto& looked_at = slots_[index];
    if (!looked_at.call) continue;
    if (looked_at.call->deadline > until) {
      result.next = std::min(result.next, looked_at.call->deadline);
      continue;
    }
    const auto token = make_token(looked_at.generation, index);
    result.expired.emplace_back(token, release(index));
  }
  next_sweep_ = result.next;
  result.drained = watched_ && used_ == 0 && !result.expired.empty();
  return result;
}

std::vector<tenon_token> token_table::open_tokens() const {
  std::vector<tenon_token> result;
  const std::lock_guard lock(mutex_);
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].call) result.push_back(make_token(slots_[index].generation, index));
  }
  return result;
}

std::size_t token_table::size() const noexcept {
  const std::lock_guard lock(mutex_);
  return used_;
}

bool token_table::watch_empty() noexcept {
  const std::lock_guard lock(mutex_);
  watched_ = true;
  return used_ == 0;
}

}  // namespace tenon
