// Goal: whatever happens in whatever order, the book decides as a plain map of keys would. Method: random commands
// with shrinking (rapidcheck) on a book in a real file and on the map: calls that begin and end in every way, time that
// passes, old keys that are forgotten, and processes that die.
#include "book_world.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <ostream>
#include <vector>

using namespace tenon;
using namespace tenon::tenond;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

constexpr idempotency_limits limits{
    .replay_ttl = std::chrono::hours(3), .unknown_ttl = std::chrono::hours(7), .most_keys = 3};

struct command {
  enum class what { begin, begin_other, complete, forget, leave, advance, forget_old, die };
  what kind;
  int key;
};

std::ostream& operator<<(std::ostream& out, const command& each) {
  return out << '{' << static_cast<int>(each.kind) << ", " << each.key << '}';
}

rc::Gen<command> any_command() {
  using what = command::what;
  const auto kind = rc::gen::weightedElement<what>({{6, what::begin},
                                                    {2, what::begin_other},
                                                    {3, what::complete},
                                                    {1, what::forget},
                                                    {2, what::leave},
                                                    {4, what::advance},
                                                    {1, what::forget_old},
                                                    {1, what::die}});
  return rc::gen::map(rc::gen::pair(kind, rc::gen::inRange(0, 5)), [](const std::pair<what, int>& drawn) {
    return command{drawn.first, drawn.second};
  });
}

/// What a book is to decide, in the simplest way.
class reference {
 public:
  std::string begin(int key, const std::string& hash, wall_time now) {
    auto found = rows_.find(key);
    if (found != rows_.end() && is_old(found->second, now)) {
      rows_.erase(found);
      found = rows_.end();
    }
    if (found != rows_.end()) {
      auto& row = found->second;
      if (row.hash != hash) return "conflict";
      if (row.running) return "in flight";
      if (row.completed) return "replay " + std::to_string(key);
      row.running = true;
      row.since = now;
      return "recovering";
    }
    if (rows_.size() >= limits.most_keys)
      std::erase_if(rows_, [&](const auto& each) { return is_old(each.second, now); });
    if (rows_.size() >= limits.most_keys) return "full";
    rows_[key] = {.hash = hash, .running = true, .completed = false, .since = now};
    return "go";
  }
  void complete(int key, wall_time now) {
    auto& row = rows_.at(key);
    row.running = false;
    row.completed = true;
    row.since = now;
  }
  void forget(int key) { rows_.erase(key); }
  void leave(int key) { rows_.at(key).running = false; }
  void die() {
    for (auto& [key, row] : rows_) row.running = false;
  }
  std::int64_t forget_old(wall_time now) {
    return static_cast<std::int64_t>(std::erase_if(rows_, [&](const auto& each) { return is_old(each.second, now); }));
  }

 private:
  struct row {
    std::string hash;
    bool running;
    bool completed;
    wall_time since;
  };

  static bool is_old(const row& each, wall_time now) {
    return !each.running && now - each.since >= (each.completed ? limits.replay_ttl : limits.unknown_ttl);
  }

  std::map<int, row> rows_;
};

/// Both, side by side.
class pair {
 public:
  void run(const command& each) {
    using what = command::what;
    const auto now = world_.time().wall_now();
    const auto attempt = attempts_.find(each.key);
    switch (each.kind) {
      case what::begin: return begin(each.key, "one", now);
      case what::begin_other: return begin(each.key, "other", now);
      case what::advance: return world_.time().advance(1h);
      case what::forget_old: RC_ASSERT(*world_.book().forget_old(now) == reference_.forget_old(now)); return;
      case what::die:
        attempts_.clear();
        reference_.die();
        return world_.reopen();
      case what::complete:
        if (attempt == attempts_.end()) return;
        RC_ASSERT(attempt->second.complete(std::to_string(each.key)).has_value());
        reference_.complete(each.key, now);
        break;
      case what::forget:
        if (attempt == attempts_.end()) return;
        RC_ASSERT(attempt->second.forget().has_value());
        reference_.forget(each.key);
        break;
      case what::leave:
        if (attempt == attempts_.end()) return;
        attempt->second.leave_open();
        reference_.leave(each.key);
        break;
    }
    attempts_.erase(each.key);
  }

 private:
  void begin(int key, const std::string& hash, wall_time now) {
    auto call = world_.begin({.tenant = "acme", .principal = "buyer", .key = std::to_string(key)}, "task", hash);
    RC_ASSERT(call.word == reference_.begin(key, hash, now));
    if (call.attempt) attempts_.emplace(key, std::move(*call.attempt));
  }

  book_world world_{limits};
  reference reference_;
  std::map<int, idempotency_attempt> attempts_;
};

}  // namespace

TEST_CASE("the book decides as a map of keys would") {
  const auto commands = rc::gen::container<std::vector<command>>(any_command());
  CHECK(rc::check([commands] {
    const auto all = *commands;
    pair both;
    for (const auto& each : all) both.run(each);
  }));
}
