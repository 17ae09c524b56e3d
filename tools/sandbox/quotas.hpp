#pragma once

#include "sandbox/store.hpp"

#include <tenon/clock.hpp>

#include <map>
#include <string>

namespace tenon::sandbox {

/// How many requests an upstream takes: a token bucket for each of its accounts, as the real ones have.
///
/// Ad Manager: 2 a second and network, 8 with Ad Manager 360. Kevel: 50 a second and account.
class quota {
 public:
  /// `per_second`: 0 takes everything. `burst`: what an account that was idle may send at once.
  void set(double per_second, double burst);

  /// Whether the account may send one more now.
  bool take(const std::string& account, steady_time now);
  void clear() { accounts_.clear(); }

 private:
  struct bucket {
    double tokens = 0;
    steady_time since{};
  };

  double per_second_ = 0;
  double burst_ = 1;
  std::map<std::string, bucket> accounts_;
};

struct quotas {
  quota gam = {};    ///< by network code
  quota kevel = {};  ///< by key name
};

/// Reads {"gam_per_second", "gam_burst", "kevel_per_second", "kevel_burst"}, every one optional; a burst is as large as
/// the rate if it is not given. Errors: 400 naming the member that is wrong.
void read_limits(const json::object& given, quotas& into);

}  // namespace tenon::sandbox
