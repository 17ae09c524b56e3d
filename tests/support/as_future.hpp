#pragma once

#include <boost/asio/async_result.hpp>

#include <future>
#include <memory>
#include <utility>

namespace tenon::testing {

/// A completion token for operations that complete with one value, as boost::asio::use_future is, which makes every
/// file that has it compile for seconds: its handler brings an executor of its own, and Asio's erased executors are
/// made anew for it.
struct as_future_t {};
inline constexpr as_future_t as_future;

}  // namespace tenon::testing

template <class Value>
class boost::asio::async_result<tenon::testing::as_future_t, void(Value)> {
 public:
  using return_type = std::future<Value>;

  template <class Initiation, class... Arguments>
  static return_type initiate(Initiation&& initiation, const tenon::testing::as_future_t&, Arguments&&... arguments) {
    auto promise = std::make_shared<std::promise<Value>>();
    auto future = promise->get_future();
    std::forward<Initiation>(initiation)([promise](Value value) { promise->set_value(std::move(value)); },
                                         std::forward<Arguments>(arguments)...);
    return future;
  }
};
