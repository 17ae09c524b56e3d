#include "http_server/wake_up.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

#include <mutex>
#include <unordered_set>
#include <vector>

namespace tenon::http {
namespace asio = boost::asio;

/// All of one context: who waits owns what it waits on, so that somebody else has to end both.
class wake_up_registry final : public asio::execution_context::service {
 public:
  using key_type = wake_up_registry;
  static inline asio::execution_context::id id;

  explicit wake_up_registry(asio::execution_context& of) : service(of) {}

  void add(wake_up* one) {
    const std::lock_guard lock(mutex_);
    all_.insert(one);
  }
  void remove(wake_up* one) {
    const std::lock_guard lock(mutex_);
    all_.erase(one);
  }

 private:
  void shutdown() override {
    std::vector<unique_function<void()>> waiting;  // goes last, and takes with it what it owns
    const std::lock_guard lock(mutex_);
    for (auto* one : all_) waiting.push_back(std::move(one->waiting_));
  }

  std::mutex mutex_;
  std::unordered_set<wake_up*> all_;
};

wake_up::wake_up(const asio::any_io_executor& executor)
    : registry_(asio::use_service<wake_up_registry>(asio::query(executor, asio::execution::context))) {
  registry_.add(this);
}

wake_up::~wake_up() { registry_.remove(this); }

}  // namespace tenon::http
