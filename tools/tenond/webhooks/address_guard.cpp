#include "webhooks/address_guard.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace tenon::tenond {
namespace {

namespace ip = boost::asio::ip;

struct v4_range {
  std::uint32_t first;
  int prefix;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr v4_range v4_loopback{v4(127, 0, 0, 0), 8};

constexpr std::array inner_v4 = {
    v4_range{v4(0, 0, 0, 0), 8},        // this network
    v4_range{v4(10, 0, 0, 0), 8},       // private
    v4_range{v4(100, 64, 0, 0), 10},    // shared by the customers of a carrier
    v4_loopback,                        //
    v4_range{v4(169, 254, 0, 0), 16},   // link-local: the metadata of clouds
    v4_range{v4(172, 16, 0, 0), 12},    // private
    v4_range{v4(192, 0, 0, 0), 24},     // protocol assignments
    v4_range{v4(192, 0, 2, 0), 24},     // documentation
    v4_range{v4(192, 88, 99, 0), 24},   // relays of 6to4
    v4_range{v4(192, 168, 0, 0), 16},   // private
    v4_range{v4(198, 18, 0, 0), 15},    // benchmarks
    v4_range{v4(198, 51, 100, 0), 24},  // documentation
    v4_range{v4(203, 0, 113, 0), 24},   // documentation
    v4_range{v4(224, 0, 0, 0), 4},      // multicast
    v4_range{v4(240, 0, 0, 0), 4},      // reserved, broadcast
};

struct v6_range {
  std::array<std::uint8_t, 4> first;
  int prefix;  ///< at most 32
};

constexpr v6_range v6_global{{0x20, 0, 0, 0}, 3};

constexpr std::array inner_v6 = {
    v6_range{{0x20, 0x01, 0, 0}, 23},        // protocol assignments: Teredo, ORCHID, benchmarks
    v6_range{{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    v6_range{{0x20, 0x02, 0, 0}, 16},        // 6to4
    v6_range{{0x3f, 0xff, 0, 0}, 20},        // documentation
};

constexpr std::array<std::uint8_t, 12> nat64{0, 0x64, 0xff, 0x9b};

constexpr std::uint32_t number(std::span<const std::uint8_t, 4> bytes) noexcept {
  return v4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

constexpr bool within(std::uint32_t address, std::uint32_t first, int prefix) noexcept {
  return (address ^ first) >> (32 - prefix) == 0;
}

bool may_reach_v4(std::uint32_t address, webhook_reach reach) noexcept {
  if (reach == webhook_reach::loopback_too && within(address, v4_loopback.first, v4_loopback.prefix)) return true;
  return std::ranges::none_of(inner_v4,
                              [=](const v4_range& inner) { return within(address, inner.first, inner.prefix); });
}

bool may_reach_v6(const ip::address_v6& address, webhook_reach reach) noexcept {
  const auto bytes = address.to_bytes();
  const std::span all(bytes);
  if (address.is_v4_mapped() || std::ranges::equal(all.first<12>(), nat64))
    return may_reach_v4(number(all.last<4>()), reach);
  if (reach == webhook_reach::loopback_too && address.is_loopback()) return true;
  const auto head = number(all.first<4>());
  const auto is_in = [=](const v6_range& range) { return within(head, number(range.first), range.prefix); };
  return is_in(v6_global) && std::ranges::none_of(inner_v6, is_in);
}

}  // namespace

bool may_reach(const ip::address& address, webhook_reach reach) noexcept {
  if (address.is_v4()) return may_reach_v4(address.to_v4().to_uint(), reach);
  return may_reach_v6(address.to_v6(), reach);
}

}  // namespace tenon::tenond
