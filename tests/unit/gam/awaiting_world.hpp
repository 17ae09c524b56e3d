#pragma once

#include "keeping_network.hpp"

#include <doctest/doctest.h>

namespace tenon::test {

using names = std::vector<std::string>;
using sdk::testing::call_options;
using sdk::testing::fake_reply;
using sdk::testing::memory_store;

inline std::string const sold_id = "gam-3300";
inline std::string const sold_package = "gam-li-8801";
inline names const first_creative{"networks/1/creatives/70"};

inline call_options buyer(std::string name) { return call_options().principal(std::move(name)); }

inline json::object creative(std::string const& id) {
  auto made = json::parse(R"({"name":"Banner","format_id":{"agent_url":"https://f.example","id":"display_300x250"},
      "assets":{"image":{"asset_type":"image","url":"https://cdn.example/b.png","width":300,"height":250}}})")
                  .as_object();
  made["creative_id"] = id;
  return made;
}

// A process of the plugin over what outlives it.
class awaiting_world : public gam_world {
 public:
  awaiting_world(keeping_network& network, memory_store& kept) {
    host.store(kept).on_http([&](auto const& asked) { return network(asked); });
    host.on_hash([](auto, std::string_view data) { return telling_digest(data); });
    if (!host.create().ok()) {
      throw std::logic_error("the platform did not open");
    }
    // Every fake host gives the same random bytes, as no two processes do: each takes some more than the one before.
    for (int i = network.processes++; i > 0; --i) {
      host.ask("create_media_buy");
    }
    network.forget();
  }

  fake_reply buy(std::string_view assignments = R"([{"creative_id":"banner"}])", call_options options = keyed()) {
    auto wanted = sale();
    wanted["packages"].as_array()[0].as_object()["creative_assignments"] = json::parse(assignments);
    return host.ask("create_media_buy", wanted, std::move(options));
  }
  fake_reply update(std::string_view members, call_options options = call_options().idempotency_key("update-1")) {
    auto request = json::parse(members).as_object();
    request["media_buy_id"] = sold_id;
    return host.ask("update_media_buy", request, std::move(options));
  }
  fake_reply assign(std::string_view assignments, std::string key = "update-1") {
    return update(
        R"({"packages":[{"package_id":"gam-li-8801","creative_assignments":)" + std::string(assignments) + "}]}",
        call_options().idempotency_key(std::move(key)));
  }
  fake_reply sync(call_options options = call_options(), std::string const& id = "banner") {
    return host.ask("sync_creatives", {{"creatives", json::array{creative(id)}}}, std::move(options));
  }
  json::value awaited() {
    auto const got = host.ask("get_media_buys", {{"media_buy_ids", json::array{sold_id}}});
    REQUIRE_MESSAGE(got.ok(), got.operator_detail());
    auto const package = got.body().at("media_buys").at(0).at("packages").at(0).as_object();
    return package.contains("ext") ? package.at("ext").at("tenon").at("awaited_creatives") : json::value(json::array());
  }
};

inline json::object result_of(fake_reply const& synced) {
  REQUIRE_MESSAGE(synced.ok(), synced.operator_detail());
  return synced.body().at("creatives").at(0).as_object();
}

// A world with a buy that waits for "banner".
class sold_world {
 public:
  sold_world() : now(network, kept) {
    auto const sold = now.buy();
    REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
    network.forget();
  }

  keeping_network network;
  memory_store kept;
  awaiting_world now;
};

inline void keep(memory_store& kept, std::string const& key, std::string const& value) {
  tenon_store_write const put{
      {key.data(), key.size()}, {value.data(), value.size()}, TENON_STORE_ANY_VERSION, TENON_STORE_PUT, 0};
  kept.write(&put, 1);
}

// As many entries of the buyer who has the one that is there as fill what there may be.
inline void fill(memory_store& kept, std::string const& ends) {
  auto const entry = kept.entries().begin()->first;
  auto const owner = entry.substr(0, entry.find('/', std::string("awaiting/").size()) + 1);
  for (int i = 1000; i < 1999; ++i) {
    auto const package = "gam-li-" + std::to_string(i);
    keep(kept, owner + "other/" + package,
         R"({"creative_id":"other","package_id":")" + package + R"(","media_buy_id":"gam-1","end":)" + ends + "}");
  }
}

}  // namespace tenon::test
