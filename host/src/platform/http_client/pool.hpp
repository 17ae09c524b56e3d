#pragma once

#include "platform/http_client/connection.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tenon::outbound {

class connection_pool;

/// The right to one connection of an origin, or a place in the queue for it. Returned when destroyed.
///
/// Threads     One at a time; the pool fills it in under its lock, before it calls `entered`.
class permit {
 public:
  permit(std::shared_ptr<connection_pool> pool, std::string origin, http_share share);
  permit(const permit&) = delete;
  permit& operator=(const permit&) = delete;
  ~permit();

  /// The connection kept from an earlier exchange that came with the permit, or null: open one. Once.
  std::unique_ptr<connection> take_kept() noexcept { return std::move(kept_); }

  /// Hands a connection back that is good for another exchange.
  void keep(std::unique_ptr<connection> good) noexcept { kept_ = std::move(good); }

 private:
  friend class connection_pool;
  std::shared_ptr<connection_pool> pool_;
  std::string origin_;
  const http_share share_;
  std::unique_ptr<connection> kept_;
  unique_function<void()> entered_;
  bool inside_ = false;
};

/// Keeps idle connections per origin, and lets at most so many exchanges at an origin at once: of each owner no more
/// than its share, and of who waits first the owner that has the fewest, then the one that came first. So an origin
/// that many owners use is not filled by the one whose requests it answers slowly.
///
/// Threads     Any.
/// Cost        One lock around an entry and a leave, and a look at who waits; connections are closed outside of it.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
 public:
  connection_pool(boost::asio::any_io_executor executor, const http_client_options& options);

  /// Calls `entered` once the permit holds, here or on the thread of who made room; never after the permit is gone,
  /// which is why it is called under the lock: it may only post.
  std::unique_ptr<permit> enter(std::string origin, http_share share, unique_function<void()> entered);

  /// Forgets the idle connections of an origin: one of them turned out to be closed, the others probably are.
  void forget(const std::string& origin);

  /// Closes idle connections and keeps no more.
  void close();

 private:
  friend class permit;
  struct idle {
    std::unique_ptr<connection> kept;
    std::chrono::steady_clock::time_point until;
  };
  struct origin_state {
    std::deque<idle> idles;  ///< oldest first, so the first to expire is in front
    std::deque<permit*> waiting;
    std::uint32_t inside = 0;
  };
  struct owner_state {
    std::uint32_t inside = 0;
    std::uint32_t waiting = 0;
  };
  using dropped = std::vector<std::unique_ptr<connection>>;  ///< to be destroyed without the lock

  void leave(permit& from);
  permit* next_of(const origin_state& at) const;
  void let_in(origin_state& at);
  void let_in(origin_state& at, permit& next);
  void sweep_at(std::chrono::steady_clock::time_point when);
  void sweep();

  const std::uint32_t idle_limit_;
  const std::uint32_t limit_;
  const std::chrono::milliseconds idle_timeout_;
  std::mutex mutex_;
  std::map<std::string, origin_state> origins_;
  std::map<std::string, owner_state> owners_;  ///< those with an exchange
  boost::asio::steady_timer timer_;
  bool sweeping_ = false;
  bool closed_ = false;
};

}  // namespace tenon::outbound
