#pragma once

#include "world.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tenon::bench {

/// How much is done to a host.
struct amounts {
  std::uint32_t reloads = 500;
  std::uint32_t drops = 100;
  std::uint32_t edits = 100;
};

/// Reloads, dropped plugin files and edited settings, one after the other in a random order that is the same in every
/// run; notes what came into force, and when.
class disturbances {
 public:
  disturbances(reload_world& world, history& past);

  /// Does a part of it, mixed.
  void run(const amounts& part);

  const amounts& done() const { return done_; }
  std::uint32_t bad_drops() const { return bad_drops_; }
  const std::vector<interval>& times() const { return times_; }

  /// What did not go as it should: a change that did not come into force, or one that should not have.
  const std::vector<std::string>& surprises() const { return surprises_; }

 private:
  void reload();
  void drop();
  void edit();
  void drop_good();
  void drop_bad();
  void put(const std::string& bytes, std::uint32_t way);
  bool await_watch(std::uint64_t rounds, const std::string& version);

  reload_world& world_;
  history& past_;
  std::mt19937 random_{20'261'127};
  amounts done_{.reloads = 0, .drops = 0, .edits = 0};
  std::uint32_t bad_drops_ = 0;
  int version_ = 1;
  std::vector<interval> times_;
  std::vector<std::string> surprises_;
};

}  // namespace tenon::bench
