// Goal: tasks behave like functions, whatever is written in a statement with co_await, and leave nothing behind.
// Method: small coroutines, run by hand and counted; the same file is built with g++ and clang++ under
// AddressSanitizer, whose checks of double destruction, use after free and leaks are half of what is asserted here.

#include "scripted_activity.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace tenon::sdk;
using namespace tenon::sdk::testing;

namespace {

/// Counts the objects that live.
class counted {
 public:
  explicit counted(int& alive) noexcept : alive_(&alive) { ++*alive_; }
  counted(const counted& other) noexcept : alive_(other.alive_) { ++*alive_; }
  counted& operator=(const counted&) = delete;
  ~counted() { --*alive_; }

 private:
  int* alive_;
};

template <class T>
T run(task<T> root) {
  detail::run_queue queue;
  scripted_activity<T> activity(queue, std::move(root));
  REQUIRE(activity.done());
  return activity.take();
}

task<int> number(int value) { co_return value; }

task<std::string> greeting(std::string name) {
  std::string text = "hello " + name;
  co_return text;
}

task<int> wait_then(manual_event& event, int value) {
  co_await event.wait();
  co_return value;
}

task<void> fail(std::string text) {
  throw std::runtime_error(text);
  co_return;
}

}  // namespace

TEST_CASE("a task gives what it returns to who awaits it") {
  const auto sum = []() -> task<int> {
    const int first = co_await number(40);
    co_return first + co_await number(2);
  };
  CHECK(run(sum()) == 42);
}

TEST_CASE("a task that nobody awaits never runs, and is freed") {
  bool ran = false;
  const auto flag = [](bool& set) -> task<void> {
    set = true;
    co_return;
  };
  { const task<void> dropped = flag(ran); }
  CHECK_FALSE(ran);
}

TEST_CASE("arguments of classes with a constructor live exactly as long as they should") {
  int alive = 0;
  const auto hold = [](counted, manual_event& event) -> task<int> {
    co_await event.wait();
    co_return 1;
  };
  manual_event event;
  const auto outer = [&hold](int& living, manual_event& until) -> task<int> {
    co_return co_await hold(counted(living), until);
  };
  {
    detail::run_queue queue;
    scripted_activity<int> activity(queue, outer(alive, event));
    CHECK(alive > 0);
    event.fire();
    CHECK(activity.done());
    CHECK(activity.take() == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("strings, conversions and several awaits in one statement are safe") {
  const auto joined = []() -> task<std::string> {
    co_return (co_await greeting("a")) + ", " + (co_await greeting(std::string(40, 'b')));
  };
  CHECK(run(joined()) == "hello a, hello " + std::string(40, 'b'));
}

TEST_CASE("an exception passes through every task up to the root, past live temporaries") {
  int alive = 0;
  const auto middle = [](counted) -> task<void> { co_await fail("broken"); };
  const auto root = [&middle](int& living) -> task<int> {
    co_await middle(counted(living));
    co_return 0;
  };
  detail::run_queue queue;
  {
    scripted_activity<int> activity(queue, root(alive));
    CHECK(activity.done());
    CHECK_THROWS_WITH_AS(activity.take(), "broken", std::runtime_error);
  }
  CHECK(alive == 0);
}

TEST_CASE("an exception can be caught around an await, and the task goes on") {
  const auto root = []() -> task<int> {
    int caught = 0;
    try {
      co_await fail("broken");
    } catch (const std::runtime_error&) {
      caught = 1;
    }
    co_return caught + co_await number(1);
  };
  CHECK(run(root()) == 2);
}

TEST_CASE("300 000 awaits that complete at once do not grow the stack") {
  const auto root = []() -> task<long> {
    long sum = 0;
    for (int step = 0; step < 300'000; ++step) sum += co_await number(1);
    co_return sum;
  };
  CHECK(run(root()) == 300'000);
}

TEST_CASE("tasks that await each other 100 000 deep do not use the stack either") {
  struct nested {
    static task<int> level(int depth) {
      if (depth == 0) co_return 0;
      co_return 1 + co_await level(depth - 1);
    }
  };
  CHECK(run(nested::level(100'000)) == 100'000);
}

TEST_CASE("a loop whose awaits suspend and complete at once by turns stays flat") {
  manual_event event;
  const auto root = [](manual_event& each) -> task<int> {
    int sum = 0;
    for (int step = 0; step < 1000; ++step) {
      sum += co_await wait_then(each, 1);
      sum += co_await number(1);
    }
    co_return sum;
  };
  detail::run_queue queue;
  scripted_activity<int> activity(queue, root(event));
  while (!activity.done()) event.fire();
  CHECK(activity.take() == 2000);
}

TEST_CASE("destroying a suspended task frees its frame, its arguments and the tasks below") {
  int alive = 0;
  manual_event event;
  const auto inner = [](counted, manual_event& never) -> task<int> {
    const auto buffer = std::make_unique<std::string>(1000, 'x');
    co_await never.wait();
    co_return static_cast<int>(buffer->size());
  };
  const auto outer = [&inner](int& living, manual_event& never) -> task<int> {
    const counted local(living);
    const int size = co_await inner(counted(living), never);
    co_return size;
  };
  {
    detail::run_queue queue;
    scripted_activity<int> activity(queue, outer(alive, event));
    CHECK(alive >= 2);
    CHECK(event.awaited());
  }
  CHECK(alive == 0);
  CHECK_FALSE(event.awaited());
}

TEST_CASE("cancelling ends the await in progress and every later one") {
  manual_event event;
  int cancellations = 0;
  const auto root = [](manual_event& never, int& count) -> task<int> {
    for (int attempt = 0; attempt < 2; ++attempt) {
      try {
        co_await never.wait();
      } catch (const cancelled&) {
        ++count;
        if (attempt == 1) throw;
      }
    }
    co_return 0;
  };
  detail::run_queue queue;
  scripted_activity<int> activity(queue, root(event, cancellations));
  activity.cancel();
  queue.drain();
  CHECK(cancellations == 1);
  event.fire();
  CHECK(cancellations == 2);
  CHECK_THROWS_AS(activity.take(), cancelled);
}

TEST_CASE("an activity that is destroyed while it is ready never runs") {
  detail::run_queue queue;
  manual_event event;
  {
    scripted_activity<int> activity(queue, wait_then(event, 1));
    activity.cancel();  // woken, but not drained yet
  }
  queue.drain();
  CHECK_FALSE(event.awaited());
}
