#pragma once

#include "limits/token_bucket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace tenon::tenond {

/// How often tokens may be guessed from one address. Who has used up a minute's failures is refused whatever token he
/// sends, or a guess would still tell the right one from the others. Let through is a principal who signed in from
/// there before: buyers behind one proxy share its address, and one of them who guesses does not shut out the rest.
/// After a restart nobody has.
///
/// An address is an IPv4 address, also one that is mapped into IPv6, or the /64 of an IPv6 address: whoever has one
/// address of a /64 has all of them. Addresses are forgotten when there are too many, the one that was heard of least
/// recently first.
///
/// Lifetime    Borrows the clock.
/// Threads     Any, concurrently.
/// Cost        A lock, the clock, and a look into a map of at most `most_addresses`.
class auth_failures {
 public:
  static constexpr std::size_t usual_addresses = 4096;

  struct figures {
    std::uint64_t failed = 0;   ///< tokens that nobody has
    std::uint64_t refused = 0;  ///< requests of addresses that had used up their failures, whatever token they sent
    std::size_t addresses = 0;  ///< that are remembered now
  };

  /// `per_minute` 0: no limit.
  auth_failures(const clock& time, std::uint32_t per_minute, std::size_t most_addresses = usual_addresses)
      : time_(time), most_addresses_(most_addresses), allowed_(rate_of(per_minute)) {}

  /// From now on this limit; failures that were counted still count.
  void assign(std::uint32_t per_minute);

  /// A token that nobody has. Nothing: say so; else the address is to come back after so many seconds, 1 to 3600.
  std::optional<std::uint32_t> failed(std::string_view address);

  /// A token of this principal. Nothing: let it through.
  std::optional<std::uint32_t> succeeded(std::string_view address, std::string_view principal);

  figures now() const;

 private:
  using network = std::array<unsigned char, 16>;
  struct source {
    network from;
    token_bucket failures;
    std::unordered_set<std::string> principals;  ///< who signed in from there; all have been in the configuration
  };

  static rate rate_of(std::uint32_t per_minute) noexcept;
  static network network_of(std::string_view address) noexcept;
  source& find(std::string_view address, steady_time now);

  const clock& time_;
  const std::size_t most_addresses_;

  mutable std::mutex mutex_;
  rate allowed_;
  std::list<source> sources_;  ///< heard of last first
  std::map<network, std::list<source>::iterator> places_;
  figures figures_;
};

}  // namespace tenon::tenond
