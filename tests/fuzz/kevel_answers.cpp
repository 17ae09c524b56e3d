// Goal and method as of gam_answers.cpp, for the kevel plugin and Kevel.
#include "ad_server_answers.hpp"
#include "kevel_world.hpp"

namespace json = tenon::sdk::json;
using tenon::test::kevel_world;

namespace {

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

json::object page(json::array items) { return {{"page", 1}, {"items", std::move(items)}}; }

/// A network with one buy in it. Pages after the first are not asked for by a plugin that believes what it is told, so
/// lists end where the fuzzer has them end; a healthy list has one page.
class lists {
 public:
  explicit lists(kevel_world& world) : world_(world) {}

  tenon::test::scripted_upstream::answer operator()(const tenon::sdk::testing::seen_request& asked) {
    if (asked.method() == "GET" && asked.url().find("page=") != std::string::npos &&
        asked.url().find("page=1&") == std::string::npos)
      return tenon::test::scripted_upstream::answer(200, R"({"items":[]})");
    return world_.kevel(asked);
  }

 private:
  kevel_world& world_;
};

void fill(kevel_world& world) {
  auto& kevel = world.kevel;
  kevel.always("POST /v1/campaign/search", page({}));
  kevel.always("POST /v1/campaign", kevel_world::campaign(false, true));
  kevel.always("GET /v1/campaign", page({kevel_world::campaign(true, false)}));
  kevel.always("GET /v1/campaign/456", kevel_world::campaign(true, false));
  kevel.always("PUT /v1/campaign/456", kevel_world::campaign(true, false));
  kevel.always("POST /v1/flight", kevel_world::flight());
  kevel.always("GET /v1/flight/7", kevel_world::flight());
  kevel.always("PUT /v1/flight/7", kevel_world::flight());
  kevel.always("GET /v1/campaign/456/flight", page({kevel_world::flight()}));
  kevel.always("GET /v1/adtypes", page({parsed(R"({"Id":5,"Width":300,"Height":250})")}));
  kevel.always("GET /v1/advertiser/123/creatives",
               page({parsed(R"({"Id":70,"Title":"banner","AdTypeId":5,"IsActive":true})")}));
  kevel.always("POST /v1/creative", parsed(R"({"Id":71,"Title":"banner"})"));
  kevel.always("PUT /v1/creative/70", parsed(R"({"Id":70,"Title":"banner"})"));
  kevel.always("GET /v1/flight/7/creatives", page({}));
  kevel.always("POST /v1/flight/7/creative", parsed(R"({"Id":80,"IsActive":true,"Creative":{"Id":70}})"));
  kevel.always("POST /v1/report/queue", parsed(R"({"Id":"g"})"));
  kevel.always("GET /v1/report/queue/g", parsed(R"({"Id":"g","Status":2,"Result":{"Records":[]}})"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  tenon::fuzz::answers input({reinterpret_cast<const char*>(data), size});
  kevel_world world;
  fill(world);
  lists healthy(world);
  const auto task = input.task();
  const bool from_the_start = task == 9;
  if (!from_the_start) world.open();
  world.host.on_http([&](const auto& asked) { return input.next([&] { return healthy(asked); }); });
  if (from_the_start) {
    const auto opening = world.host.start_create();
    world.host.advance(std::chrono::minutes(5));
    tenon::fuzz::expect(opening.done());
    return 0;
  }
  auto sale = kevel_world::sale();
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
                       parsed(R"({"media_buy_id":"kevel-456","packages":[{"package_id":"kevel-fl-7","budget":9000,
                                  "paused":true,"creative_assignments":[{"creative_id":"banner"}]}]})"));
      break;
    case 3:
      tenon::fuzz::ask(world.host, "update_media_buy", parsed(R"({"media_buy_id":"kevel-456","canceled":true})"));
      break;
    case 4: tenon::fuzz::ask(world.host, "get_media_buys", parsed(R"({"status_filter":["active","paused"]})")); break;
    case 5: tenon::fuzz::ask(world.host, "get_media_buy_delivery", parsed(R"({"media_buy_ids":["kevel-456"]})")); break;
    case 6:
      tenon::fuzz::ask(
          world.host, "sync_creatives",
          parsed(R"({"creatives":[{"creative_id":"banner","name":"B","format_id":{"agent_url":"https://f.example",
                                  "id":"display_300x250"},"assets":{"image":{"asset_type":"image",
                                  "url":"https://c.example/b.png","width":300,"height":250}}}],
                                  "assignments":[{"creative_id":"banner","package_id":"kevel-fl-7"}]})"));
      break;
    case 7: tenon::fuzz::ask(world.host, "list_creatives", {}); break;
    default: tenon::fuzz::ask(world.host, "get_products", parsed(R"({"brief":"x"})")); break;
  }
  return 0;
}
