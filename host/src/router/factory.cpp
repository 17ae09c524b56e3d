#include "router/outcome.hpp"

#include <tenon/router.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace tenon {
namespace {

class function_factory final : public factory {
 public:
  explicit function_factory(std::function<std::shared_ptr<platform>(const std::string&)> function)
      : function_(std::move(function)) {}

  bool blocks() const noexcept override { return true; }

  void build(std::string tenant, std::stop_token, build_handler done) override { done(run(tenant)); }

 private:
  result<std::shared_ptr<platform>> run(const std::string& tenant) const {
    try {
      return function_(tenant);
    } catch (...) {
      return error_of_current_exception("the factory");
    }
  }

  const std::function<std::shared_ptr<platform>(const std::string&)> function_;
};

using build_coroutine = std::function<boost::asio::awaitable<std::shared_ptr<platform>>(std::string)>;

class coroutine_factory final : public factory, public std::enable_shared_from_this<coroutine_factory> {
 public:
  coroutine_factory(boost::asio::any_io_executor executor, build_coroutine coroutine)
      : executor_(std::move(executor)), coroutine_(std::move(coroutine)) {}

  void build(std::string tenant, std::stop_token, build_handler done) override {
    // The completion holds the factory: a coroutine made from a lambda with captures refers to the lambda.
    auto finish = [self = shared_from_this(), done = std::move(done)](std::exception_ptr thrown,
                                                                      std::shared_ptr<platform> built) mutable {
      if (!thrown) return done(std::move(built));
      try {
        std::rethrow_exception(thrown);
      } catch (...) {
        done(error_of_current_exception("the factory"));
      }
    };
    boost::asio::co_spawn(executor_, coroutine_(std::move(tenant)), std::move(finish));
  }

 private:
  const boost::asio::any_io_executor executor_;
  const build_coroutine coroutine_;
};

}  // namespace

result<std::optional<bool>> factory::foresees(const std::string&, std::string_view) const {
  return std::optional<bool>();
}

std::shared_ptr<factory> make_factory(std::function<std::shared_ptr<platform>(const std::string& tenant)> function) {
  return std::make_shared<function_factory>(std::move(function));
}

std::shared_ptr<factory> make_factory(
    boost::asio::any_io_executor executor,
    std::function<boost::asio::awaitable<std::shared_ptr<platform>>(std::string tenant)> coroutine) {
  return std::make_shared<coroutine_factory>(std::move(executor), std::move(coroutine));
}

}  // namespace tenon
