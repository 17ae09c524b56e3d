#pragma once

#include "base/work_scheduler.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace tenon {

/// Work on an Asio executor, whose context outlives whoever schedules it and the timers that he holds.
class asio_scheduler final : public work_scheduler {
 public:
  explicit asio_scheduler(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void post(unique_function<void()> work) override { boost::asio::post(executor_, std::move(work)); }

  std::shared_ptr<void> after(std::chrono::nanoseconds delay, unique_function<void()> work) override {
    auto timer = std::make_shared<boost::asio::steady_timer>(executor_, delay);
    timer->async_wait([work = std::move(work)](const boost::system::error_code& cancelled) mutable {
      if (!cancelled) work();
    });
    return timer;
  }

 private:
  const boost::asio::any_io_executor executor_;
};

}  // namespace tenon
