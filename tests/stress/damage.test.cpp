// Goal: the plugins that are shipped, damaged: cut off anywhere they are refused, with any one bit flipped they are
// refused or harmless, and the host process survives; with a pin all are refused. Method: their files through the gate
// and the real canary, and what passes both is mapped here, as the host would. Places are drawn from a seed, which a
// failure names together with the byte. tests/unit/plugin does the same, and more of it, to the smallest plugin.
#include "canary_world.hpp"

#include "plugin/file.hpp"
#include "plugin/mapping.hpp"
#include "plugin/pin.hpp"

#include <random>

#include <fcntl.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

const std::string shipped_names[] = {"gam", "kevel"};
constexpr std::uint32_t seed = 20'250'101;

candidate shipped(const std::string& name) {
  auto opened = open_candidate({PLUGINS}, name);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().operator_detail);
  return std::move(*opened);
}

/// A bit to flip: every second one among the headers and tables, which the rest of a large file would drown.
struct bit {
  std::size_t at;
  std::byte mask;
};

bit draw(std::mt19937& random, std::size_t size, int round) {
  const auto reach = round % 2 == 0 ? std::min<std::size_t>(size, 64 * 1024) : size;
  return {random() % reach, std::byte{1} << (random() % 8)};
}

}  // namespace

TEST_CASE("a shipped plugin that is cut off at any thousandth is refused with a reason") {
  for (const auto& name : shipped_names) {
    CAPTURE(name);
    auto file = shipped(name);
    const auto size = file.bytes.size();
    for (std::size_t thousandth = 1000; thousandth-- > 0;) {
      CAPTURE(thousandth);
      file.bytes.resize(size * thousandth / 1000);
      const auto checked = check_candidate(file);
      REQUIRE_FALSE(checked.has_value());
      CHECK(says(checked.error().operator_detail, "refused ("));
    }
  }
}

TEST_CASE("one flipped bit anywhere in a shipped plugin never takes the host down") {
  constexpr int flips = 50;
  for (const auto& name : shipped_names) {
    CAPTURE(name);
    std::mt19937 random(seed);
    auto file = shipped(name);
    const scratch_directory place;
    const auto path = place / (name + ".so");
    write_file(path, {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
    const file_descriptor written(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    int by_gate = 0, by_canary = 0, passed = 0;
    for (int round = 0; round < flips; ++round) {
      const auto [at, mask] = draw(random, file.bytes.size(), round);
      INFO("seed " << seed << ", bit flipped in byte " << at << ", mask " << std::to_integer<int>(mask));
      const auto whole = file.bytes[at];
      file.bytes[at] ^= mask;
      if (!check_candidate(file)) {
        ++by_gate;
      } else {
        // Nothing has it mapped now, so it may change in place.
        REQUIRE(::pwrite(written.get(), &file.bytes[at], 1, static_cast<off_t>(at)) == 1);
        if (!try_out(path, {.deadline = std::chrono::seconds(10), .cycles = 1}).refusal.empty()) {
          ++by_canary;
        } else {
          ++passed;
          auto mapped = mapping::load(path);
          if (mapped) CHECK(mapped->close());
        }
        REQUIRE(::pwrite(written.get(), &whole, 1, static_cast<off_t>(at)) == 1);
      }
      file.bytes[at] = whole;
    }
    MESSAGE(name << ": refused by the gate: " << by_gate << ", by the canary: " << by_canary << ", passed: " << passed);
    CHECK(by_gate > 0);
    CHECK(by_gate + by_canary + passed == flips);
  }
  CHECK(no_children());
}

TEST_CASE("with a pin, every flipped bit and every cut of a shipped plugin is refused") {
  for (const auto& name : shipped_names) {
    CAPTURE(name);
    std::mt19937 random(seed);
    auto file = shipped(name);
    plugin_policy policy;
    policy.sha256 = {file.content_hash};
    REQUIRE(check_pin(file, policy, {}).has_value());
    for (int round = 0; round < 20; ++round) {
      const auto [at, mask] = draw(random, file.bytes.size(), round);
      INFO("seed " << seed << ", bit flipped in byte " << at);
      file.bytes[at] ^= mask;
      file.content_hash = sha256_hex(file.bytes);
      CHECK_FALSE(check_pin(file, policy, {}).has_value());
      file.bytes[at] ^= mask;
    }
    for (const int percent : {99, 50, 1}) {
      file.bytes.resize(file.bytes.size() * static_cast<std::size_t>(percent) / 100);
      file.content_hash = sha256_hex(file.bytes);
      CHECK_FALSE(check_pin(file, policy, {}).has_value());
    }
  }
}
