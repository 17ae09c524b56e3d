// The contract's world of plain C++ platforms.
#include "contract_world.hpp"
#include "plain_platform.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <typeinfo>
#include <utility>

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
    return make_factory(make_platform);
  }

  std::string tenant_of(const reply& answer) const override { return tag_of(answer); }

 private:
  const boost::asio::any_io_executor executor_;
};

}  // namespace

std::unique_ptr<contract_world> make_contract_world(boost::asio::any_io_executor executor, boost::asio::any_io_executor,
                                                    const clock&) {
  return std::make_unique<plain_world>(std::move(executor));
}

}  // namespace tenon::testing
