// Goal: the table finds what is in it and ends every walk, whatever came and went before.
// Method: items under chosen hashes, so that walks are long and cross the end; long random histories beside a map.
#include "cache/slot_table.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace {

struct thing {
  int name;
};
using table = tenon::slot_table<thing, tenon::std_sync>;

thing* find(const table& in, std::uint64_t hash, int name) {
  return in.find(hash, [name](const thing& each) { return each.name == name; });
}

void insert(table& into, std::uint64_t hash, thing& item) {
  into.reserve_one();
  into.insert(hash, item);
}

}  // namespace

TEST_CASE("items under one hash are told apart, and each can go without the others") {
  table held(4);
  thing things[] = {{0}, {1}, {2}};
  for (auto& each : things) insert(held, 42, each);
  held.take_out(42, things[1]);
  CHECK(find(held, 42, 0) == &things[0]);
  CHECK(find(held, 42, 1) == nullptr);
  CHECK(find(held, 42, 2) == &things[2]);
}

TEST_CASE("a successor stands where its predecessor stood") {
  table held(4);
  thing former{1};
  thing later{1};
  insert(held, 7, former);
  held.exchange(7, former, later);
  CHECK(find(held, 7, 1) == &later);
  held.take_out(7, later);
  CHECK(find(held, 7, 1) == nullptr);
}

// A table of eight slots: each item goes once the one in front of it is there, so that its mark cannot be cleared.
TEST_CASE("marks of what has gone never fill the table") {
  table held(2, 4);
  thing kept{0};
  insert(held, 8, kept);
  std::vector<std::unique_ptr<thing>> things;
  for (int round = 0; round < 1'000; ++round) {
    const auto hash = static_cast<std::uint64_t>(16 * 8 - 1 - round % 8);
    things.push_back(std::make_unique<thing>(thing{round + 1}));
    insert(held, hash, *things.back());
    if (round > 0) held.take_out(static_cast<std::uint64_t>(16 * 8 - 1 - (round - 1) % 8), *things.end()[-2]);
    REQUIRE(find(held, 8, 0) == &kept);
    REQUIRE(find(held, 3, -1) == nullptr);
  }
}

TEST_CASE("a long random history leaves exactly what a map holds, while the table grows and moves") {
  std::mt19937_64 random(5);
  for (const std::size_t size : {1u, 3u, 4096u}) {
    table held(size);
    std::map<int, std::unique_ptr<thing>> model;
    const auto hash = [](int name) { return static_cast<std::uint64_t>(name) * 0x9E3779B97F4A7C15; };
    for (int step = 0; step < 60'000; ++step) {
      const auto name = static_cast<int>(random() % (size == 4096 ? 40'000 : 2 * size + 1));
      if (const auto at = model.find(name); at != model.end()) {
        REQUIRE(find(held, hash(name), name) == at->second.get());
        if (random() % 4 == 0) {
          held.take_out(hash(name), *at->second);
          model.erase(at);
        }
      } else {
        REQUIRE(find(held, hash(name), name) == nullptr);
        insert(held, hash(name), *(model[name] = std::make_unique<thing>(thing{name})));
      }
    }
    for (const auto& [name, item] : model) REQUIRE(find(held, hash(name), name) == item.get());
  }
}
