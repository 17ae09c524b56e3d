// The contract's world of plain C++ platforms.
#include "await.hpp"
#include "contract_world.hpp"
#include "plain_platform.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <typeinfo>
#include <utility>
#include <vector>

namespace tenon::testing {
namespace {

std::shared_ptr<platform> make_platform(const std::string& tenant) {
  return tenant == "nobody" ? nullptr : std::make_shared<plain_platform>(tenant);
}

boost::asio::awaitable<std::shared_ptr<platform>> make_platform_later(boost::asio::any_io_executor executor,
                                                                      std::string tenant) {
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
  co_return make_platform(tenant);
}

/// Holds every build until it is told how it ends.
class handshaking_factory final : public factory {
 public:
  void build(std::string tenant, std::stop_token, build_handler done) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.emplace_back(std::move(tenant), std::move(done));
    }
    begun_.raise();
  }

  bool begun(int count) const { return begun_.reaches(count); }

  void end(std::size_t nth, bool well) {
    std::pair<std::string, build_handler> ended;
    {
      const std::lock_guard lock(mutex_);
      ended = std::move(waiting_.at(nth));
    }
    if (well) return ended.second(make_platform(ended.first));
    auto away = make_error("SERVICE_UNAVAILABLE", "the upstream is away");
    away.retry_after_s = 7;
    ended.second(std::move(away));
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, build_handler>> waiting_;
  tally begun_;
};

class plain_world final : public contract_world {
 public:
  explicit plain_world(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  std::shared_ptr<factory> make_source(flavour kind) override {
    if (kind == flavour::suspending_factory) {
      return make_factory(executor_, [executor = executor_](std::string tenant) {
        return make_platform_later(executor, std::move(tenant));
      });
    }
    if (kind == flavour::blocking_platform) {
      return make_factory([](const std::string& tenant) { return std::make_shared<blocking_platform>(tenant); });
    }
    if (kind == flavour::no_platform) {
      return make_factory([](const std::string&) -> std::shared_ptr<platform> { throw std::bad_cast(); });
    }
    if (kind == flavour::handshaking) return handshaking_;
    return make_factory(make_platform);
  }

  std::string tenant_of(const reply& answer) const override { return tag_of(answer); }
  std::string thread_of(const reply& answer) const override { return member_of(answer, "thread"); }
  bool handshakes(int count) const override { return handshaking_->begun(count); }
  void end_handshake(std::size_t nth, bool well) override { handshaking_->end(nth, well); }

 private:
  const std::shared_ptr<handshaking_factory> handshaking_ = std::make_shared<handshaking_factory>();
  const boost::asio::any_io_executor executor_;
};

}  // namespace

std::unique_ptr<contract_world> make_contract_world(boost::asio::any_io_executor executor, boost::asio::any_io_executor,
                                                    const clock&) {
  return std::make_unique<plain_world>(std::move(executor));
}

}  // namespace tenon::testing
