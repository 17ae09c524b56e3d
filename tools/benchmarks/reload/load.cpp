#include "load.hpp"

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>

namespace tenon::bench {
namespace {

/// The text between `"key":"` and the next quote.
std::string member(const std::string& body, const std::string& key) {
  const auto opening = '"' + key + "\":\"";
  const auto at = body.find(opening);
  if (at == std::string::npos) return {};
  const auto begin = at + opening.size();
  return body.substr(begin, body.find('"', begin) - begin);
}

void finish(sample& into, const result<reply>& outcome) {
  into.time.to = bench_clock::now();
  into.ok = outcome.has_value();
  if (outcome) {
    into.version = member(outcome->body, "version");
    into.tag = member(outcome->body, "tag");
  } else {
    into.failure = outcome.error().code + ": " + outcome.error().operator_detail;
  }
}

}  // namespace

open_loop::open_loop(host& target, std::vector<std::string> tenants, double per_second, question ask)
    : target_(target),
      tenants_(std::move(tenants)),
      between_(static_cast<std::int64_t>(1e9 / per_second)),
      ask_(std::move(ask)) {}

std::vector<sample> open_loop::run(std::chrono::nanoseconds time) {
  const auto end = bench_clock::now() + time;
  return run_while([end] { return bench_clock::now() < end; });
}

std::vector<sample> open_loop::run_while(const std::function<bool()>& busy) {
  std::deque<sample> sent;  // answers write to where they are
  std::atomic<std::size_t> open = 0;
  auto next = bench_clock::now();
  for (std::uint32_t number = 0; busy(); ++number, next += between_) {
    std::this_thread::sleep_until(next);
    const auto tenant = static_cast<std::uint32_t>(number % tenants_.size());
    auto& made = sent.emplace_back();
    made.tenant = tenant;
    made.time.from = next;
    open.fetch_add(1, std::memory_order_relaxed);
    target_.async_call(call_target{.tenant = tenants_[tenant]}, ask_(tenant), [&made, &open](result<reply> outcome) {
      finish(made, outcome);
      if (open.fetch_sub(1, std::memory_order_release) == 1) open.notify_one();
    });
  }
  for (auto left = open.load(std::memory_order_acquire); left != 0; left = open.load(std::memory_order_acquire))
    open.wait(left);
  return {std::make_move_iterator(sent.begin()), std::make_move_iterator(sent.end())};
}

double quantile_ms(std::vector<double> latencies, double part) {
  if (latencies.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1));
  std::ranges::nth_element(latencies, latencies.begin() + static_cast<std::ptrdiff_t>(at));
  return latencies[at];
}

}  // namespace tenon::bench
