#pragma once

#include "sandbox/credentials.hpp"
#include "sandbox/router.hpp"
#include "sandbox/world.hpp"

#include <tenon/clock.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace tenon::sandbox {

class disk;

/// What becomes of a request. The shell waits `latency`, then answers, or never does.
struct outcome {
  http::response response = {};
  std::chrono::milliseconds latency{0};
  bool answered = true;
  std::optional<std::chrono::milliseconds> commits_late = {};  ///< perform() it then; the client will never know
};

/// Both upstreams as one function from request to outcome. No socket, no thread, no clock of its own.
///
/// Lifetime    The clock must outlive it.
/// Threads     Any; requests are handled one at a time.
class upstreams {
 public:
  explicit upstreams(const tenon::clock& clock) : clock_(clock) {}

  /// Must be set before the first token is asked for: an assertion's audience is compared with it.
  void configure(oauth_options options);

  /// Makes the account known, and its networks if they are new.
  void add(const service_account& account);
  /// Makes the key and its network known.
  void add(const api_key& key);

  /// Keeps everything on a disk from now on, and takes from there what these networks held. After add().
  void keep_on(std::shared_ptr<disk> kept);

  outcome handle(const http::request& request);

  /// How much the upstreams take: see read_limits(). At first everything.
  void limit(const json::object& limits);

  /// Does what the request asks for, and tells nobody.
  void perform(const http::request& request);

 private:
  struct caller {
    std::string name;              ///< for the counters
    const grant* token = nullptr;  ///< GAM
    std::string kevel_key = {};    ///< Kevel: a key's name, or empty
  };

  call make_call(const http::request& request, std::vector<std::string> ids, const endpoint& row);
  caller identify(api which, const http::request& request) const;
  http::response serve(api which, const endpoint& row, call& request, const caller& who);
  void enter_gam(const endpoint& row, call& request, const caller& who);
  void enter_kevel(const endpoint& row, call& request, const caller& who);

  outcome answer(const http::request& request);

  const tenon::clock& clock_;
  std::shared_ptr<disk> disk_;  ///< none: all is lost at the end
  std::mutex mutex_;
  world world_;
};

}  // namespace tenon::sandbox
