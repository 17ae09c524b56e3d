#include "webhooks/webhook_sender.hpp"

#include "base/operator_text.hpp"

#include <algorithm>
#include <iterator>
#include <random>

namespace tenon::tenond {
namespace {

using std::chrono::nanoseconds;
using next = webhook_verdict::next;

constexpr std::uint64_t largest_answer = 1u << 20;  // nobody reads it, but a try whose answer is cut off has failed
constexpr std::chrono::seconds after_trouble{5};    // with the disk
constexpr std::chrono::minutes longest_sleep{1};    // while something is to be sent: the wall clock may be set
constexpr std::chrono::hours between_tendings{1};

webhook_sender::randomness machine_randomness() {
  return [engine = std::mt19937_64(std::random_device()())]() mutable {
    return std::uniform_real_distribution<double>()(engine);
  };
}

}  // namespace

result<webhook_clients> webhook_clients::make(boost::asio::any_io_executor executor, const std::string& ca_file) {
  const auto with = [&](webhook_reach reach) {
    // No connection is kept: each try has its address checked.
    return make_http_client(executor, {.ca_file = ca_file,
                                       .idle_connections_per_origin = 0,
                                       .may_connect = [reach](const boost::asio::ip::address& address) {
                                         return may_reach(address, reach);
                                       }});
  };
  auto outside = with(webhook_reach::outside);
  if (!outside) return outside.error();
  auto loopback_too = with(webhook_reach::loopback_too);
  if (!loopback_too) return loopback_too.error();
  return webhook_clients{.outside = std::move(*outside), .loopback_too = std::move(*loopback_too)};
}

webhook_sender::webhook_sender(std::shared_ptr<webhook_outbox> outbox, webhook_clients clients, work_scheduler& disk,
                               const clock& time, reporter report, sending_rules rules, randomness random)
    : outbox_(std::move(outbox)),
      clients_(std::move(clients)),
      disk_(disk),
      time_(time),
      report_(std::move(report)),
      rules_(rules),
      random_(random ? std::move(random) : machine_randomness()) {}

std::shared_ptr<webhook_sender> webhook_sender::make(std::shared_ptr<webhook_outbox> outbox, webhook_clients clients,
                                                     work_scheduler& disk, const clock& time, reporter report,
                                                     sending_rules rules, randomness random) {
  return std::shared_ptr<webhook_sender>(new webhook_sender(std::move(outbox), std::move(clients), disk, time,
                                                            std::move(report), rules, std::move(random)));
}

void webhook_sender::wake() {
  if (woken_.exchange(true)) return;
  disk_.post([self = shared_from_this()] { self->pump(); });
}

void webhook_sender::stop(std::chrono::milliseconds grace, unique_function<void()> done) {
  disk_.post([self = shared_from_this(), grace, done = std::move(done)]() mutable {
    {
      const std::lock_guard lock(self->mutex_);
      self->stopping_ = true;
      self->stopped_ = std::move(done);
      if (grace.count() > 0) {
        self->grace_ = self->disk_.after(grace, [weak = self->weak_from_this()] {
          if (const auto late = weak.lock()) late->closing_.request_stop();
        });
      }
    }
    if (grace.count() <= 0) self->closing_.request_stop();
    self->pump();
  });
}

/// All there is to do now: write down how tries ended, begin others, and see to the next time.
void webhook_sender::pump() {
  woken_ = false;
  std::vector<outgoing_webhook> begun;
  unique_function<void()> stopped;
  std::vector<std::string> untold;
  {
    const std::lock_guard lock(mutex_);
    const bool written = write_ended();
    if (!stopping_ && written) {
      tend();
      begun = take();
    }
    if (stopping_ && flights_.empty()) {
      grace_.reset();
      stopped = std::exchange(stopped_, {});
    }
    untold.swap(untold_);
  }
  for (const auto& each : untold) report_(each);
  for (auto& each : begun) send(std::move(each));
  if (stopped) stopped();
}

/// False: not all of it, and the timer is set. Who stops does not wait for a disk that is full: the row is as it was.
bool webhook_sender::write_ended() {
  for (auto each = flights_.begin(); each != flights_.end();) {
    const auto which = each++;
    auto& flight = which->second;
    if (!flight.ended) continue;
    if (const auto done = write(which->first, *flight.ended); !done) {
      trouble_with(done.error());
      if (!stopping_) return false;
    }
    if (flight.ended->what == next::give_up) untold_.push_back(flight.about + ": given up: " + flight.ended->trouble);
    land(which);
  }
  return true;
}

result<void> webhook_sender::write(std::int64_t id, const webhook_verdict& verdict) {
  switch (verdict.what) {
    case next::delivered: return outbox_->delivered(id);
    case next::give_up: return outbox_->give_up(id, verdict.trouble);
    case next::again: break;
  }
  const auto due = time_.wall_now() + std::chrono::duration_cast<wall_time::duration>(verdict.pause);
  return outbox_->try_again(id, due, verdict.trouble);
}

void webhook_sender::land(std::map<std::int64_t, flight>::iterator which) {
  hosts_.erase(which->second.host);
  const auto whose = owners_.find(which->second.whose);
  if (--whose->second == 0) owners_.erase(whose);
  flights_.erase(which);
}

std::vector<outgoing_webhook> webhook_sender::take() {
  const auto open = static_cast<std::uint32_t>(flights_.size());
  const auto room = rules_.at_once - std::min(rules_.at_once, open);
  const auto now = time_.wall_now();
  auto owners = owners_;
  const auto wanted = [&](const due_webhook& each) {
    if (hosts_.contains(each.host)) return false;
    auto& mine = owners[{each.tenant, each.principal}];
    if (mine >= rules_.at_once_of_one) return false;
    ++mine;
    return true;
  };
  auto found = room == 0 ? result<std::vector<outgoing_webhook>>(std::vector<outgoing_webhook>())
                         : outbox_->take(now, room, wanted);
  if (!found) {
    trouble_with(found.error());
    return {};
  }
  for (const auto& each : *found) enter(each);
  sleep(now);
  return std::move(*found);
}

void webhook_sender::enter(const outgoing_webhook& one) {
  const auto& what = one.what;
  owner whose(what.tenant, what.principal);
  hosts_.insert(what.host);
  ++owners_[whose];
  flights_.emplace(what.id, flight{.host = what.host,
                                   .whose = std::move(whose),
                                   .about = "webhook of " + what.tenant + '/' + what.principal + ", task " +
                                            one.task_id + ", to " + what.host,
                                   .tries = one.tries + 1,
                                   .since = one.since});
}

/// What is due and waits for a place is looked at when a try ends.
void webhook_sender::sleep(wall_time now) {
  const auto due = outbox_->next_due(now);
  if (!due) {
    trouble_with(due.error());
    return;
  }
  nanoseconds delay = between_tendings;
  if (*due != wall_time::max()) delay = std::min<nanoseconds>(*due - now, longest_sleep);
  wake_after(delay);
}

void webhook_sender::wake_after(nanoseconds delay) {
  timer_ = disk_.after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

/// Forgets what is too old, now and then.
void webhook_sender::tend() {
  const auto now = time_.steady_now();
  if (tended_ && now - *tended_ < between_tendings) return;
  tended_ = now;
  if (const auto done = outbox_->forget_old(time_.wall_now()); !done) untold_.push_back(operator_text(done.error()));
}

void webhook_sender::trouble_with(const error& found) {
  untold_.push_back(operator_text(found));
  if (!stopping_) wake_after(after_trouble);
}

void webhook_sender::send(outgoing_webhook what) {
  const auto& client = what.reach == webhook_reach::outside ? clients_.outside : clients_.loopback_too;
  const auto now = time_.wall_now();
  auto headers = webhook_headers(what.scheme, what.credentials, what.body, now);
  if (rules_.signer && what.scheme == webhook_scheme::none) {
    what.url = signable_url(what.url);
    auto signature = rules_.signer->sign(what.url, what.body, now);
    if (signature.empty()) return refuse(what.what.id, "it could not be signed");
    std::ranges::move(signature, std::back_inserter(headers));
  }
  http_exchange_request request{.method = "POST",
                                .url = std::move(what.url),
                                .headers = std::move(headers),
                                .body = std::move(what.body),
                                .timeout = rules_.timeout,
                                .max_response_bytes = largest_answer};
  client->start(std::move(request), closing_.get_token(),
                [self = shared_from_this(), id = what.what.id](http_result outcome) {
                  auto& disk = self->disk_;
                  disk.post([self, id, outcome = std::move(outcome)] { self->finish(id, outcome); });
                });
}

void webhook_sender::refuse(std::int64_t id, std::string why) {
  disk_.post([self = shared_from_this(), id, why = std::move(why)]() mutable {
    self->finish(id, http_failure{.what = http_failure::kind::invalid,
                                  .phase = http_failure::progress::not_sent,
                                  .message = std::move(why)});
  });
}

void webhook_sender::finish(std::int64_t id, const http_result& outcome) {
  {
    const std::lock_guard lock(mutex_);
    const auto which = flights_.find(id);
    const bool cut_off = stopping_ && !outcome && outcome.error().what == http_failure::kind::cancelled;
    if (cut_off) {
      land(which);
    } else {
      const auto now = time_.wall_now();
      auto& flight = which->second;
      flight.ended = judge(outcome, flight.tries, now - flight.since, now, random_(), rules_.retry);
    }
  }
  pump();
}

}  // namespace tenon::tenond
