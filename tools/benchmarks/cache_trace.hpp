#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Requests as a server meets them: few tenants often, many seldom, each named by bytes of its own.
namespace tenon::bench {

inline constexpr std::size_t name_size = 20;

inline std::string tenant_name(std::size_t number) {
  const auto digits = std::to_string(number);
  std::string name = "tenant-";
  name.append(name_size - name.size() - digits.size(), '0').append(digits);
  return name;
}

inline std::vector<std::string> tenant_names(std::size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t number = 0; number < count; ++number) names.push_back(tenant_name(number));
  return names;
}

/// Which tenant has which share of the requests: the tenant of rank r one in proportion to r^-0.99. Ranks are dealt
/// out at random, so that popular tenants are not neighbours.
class popularity {
 public:
  explicit popularity(std::size_t tenants) : up_to_(tenants), tenant_of_(tenants) {
    double sum = 0;
    for (std::size_t rank = 0; rank < tenants; ++rank)
      up_to_[rank] = sum += std::pow(static_cast<double>(rank + 1), -0.99);
    std::iota(tenant_of_.begin(), tenant_of_.end(), std::size_t{0});
    std::ranges::shuffle(tenant_of_, std::mt19937_64(0));
  }

  std::size_t draw(std::mt19937_64& random) const {
    const auto at = std::uniform_real_distribution<double>(0, up_to_.back())(random);
    const auto rank = static_cast<std::size_t>(std::ranges::upper_bound(up_to_, at) - up_to_.begin());
    return tenant_of_[std::min(rank, tenant_of_.size() - 1)];
  }

 private:
  std::vector<double> up_to_;
  std::vector<std::size_t> tenant_of_;
};

/// The names of so many requests, one behind the other in one buffer that shares no byte with any cache. How long they
/// are is known when the program runs, as in a server: no candidate is compiled for names of 20 bytes.
class trace {
 public:
  static constexpr std::size_t length = std::size_t{512} << 10;

  trace(const std::vector<std::string>& names, const popularity& popular, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    size_ = names.front().size();
    packed_.reserve(length * size_);
    for (std::size_t request = 0; request < length; ++request) packed_ += names[popular.draw(random)];
  }

  std::string_view operator[](std::size_t request) const noexcept { return {packed_.data() + request * size_, size_}; }

 private:
  std::size_t size_ = 0;
  std::string packed_;
};

}  // namespace tenon::bench
