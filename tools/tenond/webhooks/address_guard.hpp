#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>

namespace tenon::tenond {

/// What a buyer's webhooks may reach. The numbers are in files.
enum class webhook_reach : std::uint8_t {
  outside = 0,      ///< the public internet, by https
  loopback_too = 1  ///< and this machine's own loopback, by http or https: for tenants of a sandbox
};

/// Whether a webhook may be sent to an address. Of IPv4 what IANA's registry of special addresses has is refused:
/// private, loopback, link-local, shared (CGNAT), documentation, benchmarks, multicast, reserved, broadcast and
/// unspecified. Of IPv6 only global unicast (2000::/3) passes, without documentation, 6to4, Teredo and the other
/// protocol assignments of 2001::/23. An IPv4 address within an IPv6 one (mapped, or NAT64's 64:ff9b::/96) counts as
/// what it is.
///
/// *Rationale:* an address of the machine or of its network is one that the buyer could not reach himself, and there
/// what has no password for its neighbours would take orders from strangers.
///
/// Threads     Any. Pure.
/// Source      RFC 6890, RFC 4291, RFC 6052.
bool may_reach(const boost::asio::ip::address& address, webhook_reach reach) noexcept;

}  // namespace tenon::tenond
