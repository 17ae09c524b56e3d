#pragma once

#include "plugin/image.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <memory>
#include <mutex>

namespace spdlog {
class logger;
}

namespace tenon {

/// Removes from the store what nobody has used for long: after every reload, and again whenever a while has passed.
///
/// Its timer and its work are on the host's own pool: the embedder's context has nothing to wait for.
///
/// Lifetime    stop() before the pool is joined. Threads     Any.
class store_upkeep : public std::enable_shared_from_this<store_upkeep> {
 public:
  store_upkeep(boost::asio::thread_pool& pool, std::shared_ptr<plugin_store> store,
               std::shared_ptr<spdlog::logger> logger);

  /// Trims now, with these limits from now on.
  void trim(const store_limits& limits);
  void stop();

  /// How long until the store is looked at again: often enough that nothing stays much longer than its time.
  static std::chrono::seconds interval(const store_limits& limits) noexcept;

 private:
  void look() const;
  void wait();

  boost::asio::thread_pool& pool_;
  const std::shared_ptr<plugin_store> store_;
  const std::shared_ptr<spdlog::logger> logger_;
  mutable std::mutex mutex_;  // for all below
  store_limits limits_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
};

}  // namespace tenon
