// Goal: owners share the threads, and one whose work hangs costs the others none. Method: jobs that a test lets go, and
// no look at a clock.
#include "isolation/fair_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace tenon;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr auto patience = 60s;

/// Jobs wait at it until it opens.
class barrier {
 public:
  ~barrier() { open(); }
  void wait() { opened_.wait(); }
  void open() {
    if (!is_open_.exchange(true)) promise_.set_value();
  }

 private:
  std::atomic<bool> is_open_ = false;
  std::promise<void> promise_;
  std::shared_future<void> opened_{promise_.get_future()};
};

template <class Executor>
std::future<void> run(
    const Executor& on, std::function<void()> job = [] {}) {
  auto promise = std::make_shared<std::promise<void>>();
  auto done = promise->get_future();
  asio::post(on, [promise, job = std::move(job)] {
    job();
    promise->set_value();
  });
  return done;
}

/// Whose threads were replaced. On a busy machine that may be somebody's whose job only waited for a processor.
class replaced_owners {
 public:
  std::function<void(const std::string&)> hearing() {
    return [this](const std::string& owner) {
      const std::lock_guard lock(mutex_);
      told_.insert(owner);
    };
  }
  std::size_t count(const std::string& owner) const {
    const std::lock_guard lock(mutex_);
    return told_.count(owner);
  }

 private:
  mutable std::mutex mutex_;
  std::multiset<std::string> told_;
};

template <class Condition>
bool eventually(Condition holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

bool ends(std::future<void>& job) { return job.wait_for(patience) == std::future_status::ready; }

}  // namespace

TEST_CASE("it is an executor to Asio, erased and below a strand") {
  fair_pool pool({.threads = 2, .per_owner = 2});
  const asio::any_io_executor erased = pool.executor_of("acme");
  auto first = run(erased);
  CHECK(ends(first));
  const auto strand = asio::make_strand(erased);
  std::vector<int> order;
  std::vector<std::future<void>> jobs;
  for (int count = 0; count < 100; ++count) jobs.push_back(run(strand, [&order, count] { order.push_back(count); }));
  for (auto& each : jobs) REQUIRE(ends(each));
  for (int count = 0; count < 100; ++count) CHECK(order[static_cast<std::size_t>(count)] == count);
  CHECK(pool.executor_of("acme") == pool.executor_of("acme"));
  CHECK(pool.executor_of("acme") != pool.executor_of("beta"));
  CHECK_FALSE(pool.runs_in_this_thread());
  bool inside = false;
  auto asked = run(erased, [&] { inside = pool.runs_in_this_thread(); });
  REQUIRE(ends(asked));
  CHECK(inside);
}

TEST_CASE("one owner holds no more threads than it may, whatever it has waiting") {
  barrier let_go;
  fair_pool pool({.threads = 3, .per_owner = 2});
  const auto acme = pool.executor_of("acme");
  std::vector<std::future<void>> held;
  std::atomic<int> begun = 0;
  for (int count = 0; count < 10; ++count) {
    held.push_back(run(acme, [&] {
      ++begun;
      let_go.wait();
    }));
  }
  for (int count = 0; count < 10; ++count) {
    auto other = run(pool.executor_of("beta"));
    CHECK(ends(other));
  }
  CHECK(begun <= 2);
  CHECK(pool.status().waiting >= 8);
  let_go.open();
  for (auto& each : held) CHECK(ends(each));
}

TEST_CASE("owners take turns, however much one of them has waiting") {
  fair_pool pool({.threads = 1, .per_owner = 1});
  barrier let_go;
  auto first = run(pool.executor_of("other"), [&] { let_go.wait(); });
  std::vector<std::string> order;
  std::vector<std::future<void>> jobs;
  for (const char* owner : {"acme", "acme", "acme", "beta", "gamma", "beta"}) {
    jobs.push_back(run(pool.executor_of(owner), [&order, owner] { order.emplace_back(owner); }));
  }
  let_go.open();
  for (auto& each : jobs) REQUIRE(ends(each));
  CHECK(order == std::vector<std::string>{"acme", "beta", "gamma", "acme", "beta", "acme"});
}

TEST_CASE("a thread that is held for too long is replaced, and ends when its job does") {
  replaced_owners told;
  barrier let_go;
  fair_pool pool({.threads = 1, .per_owner = 1, .replace_after = 1ms, .on_replaced = told.hearing()});
  const auto acme = pool.executor_of("acme");
  auto held = run(acme, [&] { let_go.wait(); });
  auto other = run(pool.executor_of("beta"));
  auto own = run(acme);  // its owner has its slot back, too
  CHECK(ends(other));
  CHECK(ends(own));
  CHECK(eventually([&] { return told.count("acme") >= 1; }));
  CHECK(eventually([&] { return pool.status().threads == 2 && pool.status().replaced == 1; }));
  let_go.open();
  CHECK(ends(held));
  CHECK(eventually([&] { return pool.status().threads == 1; }));
  auto again = run(acme);
  CHECK(ends(again));
  CHECK(eventually([&] { return pool.status().replaced == 0; }));
}

TEST_CASE("an owner has so many replacements at a time, and then hangs alone") {
  replaced_owners told;
  barrier let_go;
  fair_pool pool(
      {.threads = 2, .per_owner = 1, .replace_after = 1ms, .replacements_per_owner = 2, .on_replaced = told.hearing()});
  const auto acme = pool.executor_of("acme");
  std::vector<std::future<void>> held;
  for (int count = 0; count < 5; ++count) held.push_back(run(acme, [&] { let_go.wait(); }));
  CHECK(eventually([&] { return pool.status().replaced == 2 && pool.status().running == 3; }));
  for (int count = 0; count < 20; ++count) {
    auto other = run(pool.executor_of("beta"));
    REQUIRE(ends(other));
  }
  CHECK(eventually([&] { return told.count("acme") == 2 && pool.status().replacements == 2 + told.count("beta"); }));
  CHECK(pool.status().waiting == 2);
  let_go.open();
  for (auto& each : held) CHECK(ends(each));
}

TEST_CASE("join runs what is queued, and what that queues") {
  std::atomic<int> ran = 0;
  fair_pool pool({.threads = 2, .per_owner = 1});
  const auto acme = pool.executor_of("acme");
  for (int count = 0; count < 50; ++count) {
    asio::post(acme, [&, acme] {
      ++ran;
      asio::post(acme, [&] { ++ran; });
    });
  }
  pool.join();
  CHECK(ran == 100);
  asio::post(acme, [&] { ++ran; });  // dropped
  pool.join();
  CHECK(ran == 100);
}

TEST_CASE("many owners on many threads: every job runs once") {
  std::atomic<int> ran = 0;
  {
    fair_pool pool({.threads = 4, .per_owner = 2, .replace_after = 1ms});
    std::vector<std::jthread> posters;
    for (int poster = 0; poster < 4; ++poster) {
      posters.emplace_back([&, poster] {
        for (int count = 0; count < 1'000; ++count) {
          asio::post(pool.executor_of(std::to_string((poster + count) % 7)), [&ran] { ++ran; });
        }
      });
    }
    posters.clear();
  }
  CHECK(ran == 4'000);
}
