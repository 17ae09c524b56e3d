#include "cache/keyed_hash.hpp"

#include <random>

namespace tenon {

keyed_hash make_keyed_hash() {
  std::random_device kernel;  // getrandom or getentropy with libstdc++
  const auto draw = [&kernel] { return std::uint64_t{kernel()} << 32 | kernel(); };
  const auto first = draw();
  return {first, draw()};
}

}  // namespace tenon
