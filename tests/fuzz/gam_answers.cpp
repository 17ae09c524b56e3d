// Goal: whatever Ad Manager answers, the gam plugin neither crashes nor loses a call, nor takes it for a bug of its
// own. Method: libFuzzer (tools/fuzz) makes up the answers to the requests of one task; replay.cpp runs what was kept
// through the same function in every build.
#include "ad_server_answers.hpp"
#include "gam_world.hpp"

namespace json = tenon::sdk::json;
using tenon::test::gam_world;

namespace {

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

/// A network with one buy in it.
void fill(gam_world& world) {
  world.network_books("DELIVERING");
  world.network.always("GET /v1/networks/1/orders",
                       json::object{{"orders", json::array{gam_world::order("APPROVED")}}});
  world.network.always("GET /v1/networks/1/adUnits",
                       parsed(R"({"adUnits":[{"name":"networks/1/adUnits/99","status":"ACTIVE"}]})"));
  world.network.always("GET /v1/networks/1/geoTargets",
                       parsed(R"({"geoTargets":[{"name":"networks/1/geoTargets/2840","targetable":true}]})"));
  world.network.always("GET /v1/networks/1/creatives",
                       parsed(R"({"creatives":[{"name":"networks/1/creatives/70","displayName":"banner"}]})"));
  world.network.always("GET /v1/networks/1/lineItems/8801/creatives", json::object());
  for (const char* action : {"lineItems/8801/creatives:batchCreate", "lineItems:batchPause", "lineItems:batchResume",
                             "lineItems:batchArchive", "orders:batchArchive"})
    world.network.always(std::string("POST /v1/networks/1/") + action, json::object());
  world.network.always("PATCH /v1/networks/1/lineItems/8801", gam_world::line_item("DELIVERING"));
  world.network.always("POST /v1/networks/1/orders:batchUpdate", json::object());
  world.network.always("GET /v1/networks/1/reports", parsed(R"({"reports":[]})"));
  world.network.always("POST /v1/networks/1/reports", parsed(R"({"name":"networks/1/reports/41"})"));
  world.network.always("POST /v1/networks/1/reports/41:run",
                       parsed(R"({"done":true,"response":{"reportResult":"networks/1/reports/41/results/9"}})"));
  world.network.always("GET /v1/networks/1/reports/41/results/9:fetchRows", parsed(R"({"rows":[]})"));
  world.network.always("GET /v1/networks/1/companies/5", parsed(R"({"name":"networks/1/companies/5"})"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  tenon::fuzz::answers input({reinterpret_cast<const char*>(data), size});
  gam_world world;
  fill(world);
  const auto task = input.task();
  const bool from_the_start = task == 9;
  if (!from_the_start) world.open();
  world.host.on_http([&](const auto& asked) { return input.next([&] { return world.network(asked); }); });
  if (from_the_start) {
    const auto opening = world.host.start_create();
    world.host.advance(std::chrono::minutes(5));
    tenon::fuzz::expect(opening.done());
    return 0;
  }
  auto sale = gam_world::sale();
  if (task == 1) {
    auto& package = sale["packages"].as_array()[0].as_object();
    package["targeting_overlay"] = parsed(R"({"geo_countries":["US"]})");
    package["creative_assignments"] = json::parse(R"([{"creative_id":"banner"}])");
  }
  switch (task) {
    case 0:
    case 1: tenon::fuzz::ask(world.host, "create_media_buy", sale); break;
    case 2:
      tenon::fuzz::ask(world.host, "update_media_buy",
                       parsed(R"({"media_buy_id":"gam-3300","packages":[{"package_id":"gam-li-8801","budget":9000,
                                  "paused":true}]})"));
      break;
    case 3:
      tenon::fuzz::ask(world.host, "update_media_buy", parsed(R"({"media_buy_id":"gam-3300","canceled":true})"));
      break;
    case 4: tenon::fuzz::ask(world.host, "get_media_buys", parsed(R"({"status_filter":["active","paused"]})")); break;
    case 5: tenon::fuzz::ask(world.host, "get_media_buy_delivery", parsed(R"({"media_buy_ids":["gam-3300"]})")); break;
    case 6:
      tenon::fuzz::ask(
          world.host, "sync_creatives",
          parsed(R"({"creatives":[{"creative_id":"banner","name":"B","format_id":{"agent_url":"https://f.example",
                                  "id":"display_300x250"},"assets":{"image":{"asset_type":"image",
                                  "url":"https://c.example/b.png","width":300,"height":250}}}],
                                  "assignments":[{"creative_id":"banner","package_id":"gam-li-8801"}]})"));
      break;
    case 7: tenon::fuzz::ask(world.host, "list_creatives", {}); break;
    default: tenon::fuzz::ask(world.host, "get_products", parsed(R"({"brief":"x"})")); break;
  }
  return 0;
}
