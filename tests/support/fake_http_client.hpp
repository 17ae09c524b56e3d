#pragma once

#include "platform/http_client.hpp"

#include "await.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace tenon::testing {

/// An HTTP client without a network: it keeps what it was asked, and answers when the test says so, or at once by a
/// function.
///
/// A stop ends an open exchange with `cancelled`, on a thread of its own, as the contract wants: never inside
/// request_stop().
///
/// Lifetime    Outlives every exchange; what is open at its end is dropped.
/// Threads     Any, concurrently.
class fake_http_client final : public http_client {
 public:
  using responder = std::function<std::optional<http_result>(const http_exchange_request&)>;

  /// Answers at once whatever `answer` gives a result for. Set before the first request.
  void answer_with(responder answer) { responder_ = std::move(answer); }

  void start(http_exchange_request request, std::stop_token stop, http_handler done) override {
    std::optional<http_result> ready;
    if (responder_) ready = responder_(request);
    std::size_t index = 0;
    {
      const std::lock_guard lock(mutex_);
      index = requests_.size();
      requests_.push_back(std::move(request));
      open_.emplace(index, open_exchange{std::move(done), std::nullopt});
    }
    if (ready) {
      finish(index, std::move(*ready));
    } else {
      auto watch = std::make_unique<stop_watch>(stop, [this, index] {
        const std::lock_guard lock(mutex_);
        answering_.emplace_back([this, index] {
          finish(index, http_failure{.what = http_failure::kind::cancelled,
                                     .phase = http_failure::progress::sent,
                                     .message = "cancelled"});
        });
      });
      const std::lock_guard lock(mutex_);
      if (const auto at = open_.find(index); at != open_.end()) at->second.watch = std::move(watch);
    }
    asked_.raise();
  }

  ~fake_http_client() override { settle(); }

  /// Waits until every stop that was asked for has been answered. Nothing may be asked of the client meanwhile.
  void settle() {
    for (auto& answering : answering_) answering.join();
    answering_.clear();
  }

  /// Waits until so many requests have come.
  bool received(int count) const { return asked_.reaches(count); }

  http_exchange_request request(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return requests_.at(index);
  }

  std::size_t open() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }

  /// Completes an exchange, on this thread. Nothing if it is over already.
  void finish(std::size_t index, http_result outcome) {
    open_exchange ended;
    {
      const std::lock_guard lock(mutex_);
      const auto at = open_.find(index);
      if (at == open_.end()) return;
      ended = std::move(at->second);
      open_.erase(at);
    }
    ended.done(std::move(outcome));
  }

 private:
  using stop_watch = std::stop_callback<std::function<void()>>;
  struct open_exchange {
    http_handler done;
    std::optional<std::unique_ptr<stop_watch>> watch;
  };

  responder responder_;
  mutable std::mutex mutex_;
  std::vector<http_exchange_request> requests_;
  std::map<std::size_t, open_exchange> open_;
  std::vector<std::jthread> answering_;
  tally asked_;
};

}  // namespace tenon::testing
