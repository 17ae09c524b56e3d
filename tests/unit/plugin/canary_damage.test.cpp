// Goal: whatever is broken in a file's bytes, the host process survives: what the gate lets through breaks the child.
// Method: single flipped bits at seeded random places and truncations of a real plugin; those that pass the gate go
// through the real canary, and those that pass that too are mapped here, as the host would.
#include "canary_world.hpp"

#include "plugin/file.hpp"
#include "plugin/handshake.hpp"
#include "plugin/mapping.hpp"

#include <random>

using namespace tenon;
using namespace tenon::testing;

namespace {

candidate with_bytes(std::vector<std::byte> bytes) {
  return {.name = "damaged", .source = "damaged.so", .bytes = std::move(bytes), .content_hash = "0"};
}

std::filesystem::path write_damaged(const scratch_directory& place, const candidate& file, int number) {
  // The dynamic loader remembers names and inodes, so each is a file of its own.
  const auto path = place / ("damaged-" + std::to_string(number) + ".so");
  write_file(path, {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
  return path;
}

/// What became of the corpus.
struct tally {
  int gate = 0, canary = 0, passed = 0;
};

void send_through(const candidate& file, const scratch_directory& place, int number, tally& into) {
  const auto checked = check_candidate(file);
  if (!checked) {
    ++into.gate;
    return;
  }
  const auto path = write_damaged(place, file, number);
  const auto found = run_canary(canary_program, path, {.deadline = std::chrono::seconds(5), .cycles = 1});
  REQUIRE(found.has_value());
  if (!found->refusal.empty()) {
    ++into.canary;
  } else {
    ++into.passed;
    auto mapped = mapping::load(path);
    if (mapped) CHECK(mapped->close());
  }
  std::filesystem::remove(path);
}

}  // namespace

TEST_CASE("one flipped bit anywhere in a plugin never takes the host down") {
  const auto whole = fixture("good");
  std::mt19937 random(20240229);  // any seed; a fixed one, so that a failure comes back
  const scratch_directory place;
  tally found;
  for (int i = 0; i < 300; ++i) {
    auto bytes = whole.bytes;
    // Half of them where the headers and tables are: the rest of the file is mostly padding.
    const auto reach = i % 2 == 0 ? std::min<std::size_t>(bytes.size(), 4096) : bytes.size();
    const auto at = std::uniform_int_distribution<std::size_t>(0, reach - 1)(random);
    bytes[at] ^= std::byte{1} << std::uniform_int_distribution<int>(0, 7)(random);
    INFO("bit flipped in byte " << at);
    send_through(with_bytes(std::move(bytes)), place, i, found);
  }
  MESSAGE("refused by the gate: " << found.gate << ", by the canary: " << found.canary << ", passed: " << found.passed);
  CHECK(found.gate > 0);
  CHECK(found.canary > 0);
  CHECK(no_children());
}

TEST_CASE("a plugin that is cut off anywhere never takes the host down") {
  const auto whole = fixture("good");
  const scratch_directory place;
  tally found;
  constexpr int points = 100;
  for (int i = 0; i < points; ++i) {
    auto bytes = whole.bytes;
    bytes.resize(bytes.size() * static_cast<std::size_t>(i) / points);
    send_through(with_bytes(std::move(bytes)), place, i, found);
  }
  CHECK(found.gate == points);

  // Past the gate, too, only the child suffers.
  for (const int percent : {30, 60, 90}) {
    auto bytes = whole.bytes;
    bytes.resize(bytes.size() * static_cast<std::size_t>(percent) / 100);
    const auto path = write_damaged(place, with_bytes(std::move(bytes)), percent);
    CHECK_FALSE(try_out(path).refusal.empty());
  }
}
