// Goal: a stand-in that is started again knows what it has answered, and who may ask. Method: two stand-ins on one
// file, one after the other; the second finds what the first had when its last answer was given.
#include "sandbox/disk.hpp"
#include "stand.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <filesystem>

using namespace tenon::testing;
using tenon::sandbox::disk;

namespace {

class state_file {
 public:
  state_file() : root_(std::filesystem::temp_directory_path() / ("tenon-sandbox-" + std::to_string(::getpid()))) {}
  state_file(const state_file&) = delete;
  state_file& operator=(const state_file&) = delete;
  ~state_file() { std::filesystem::remove_all(root_); }
  std::filesystem::path path() const { return root_ / "state.sqlite"; }

 private:
  std::filesystem::path root_;
};

json::value state_of(stand& at, const char* place) { return at.get(std::string("/_sandbox/state/") + place).body; }

}  // namespace

TEST_CASE("what was answered is there after a restart, in both upstreams, and a token goes on") {
  const state_file file;
  json::value gam;
  json::value kevel;
  std::string bearer;
  std::string secret;
  {
    stand at;
    at.served.keep_on(std::make_shared<disk>(file.path()));
    const auto booked = book(at);
    add_creative(at, booked.line_item);
    at.post("/v1/networks/123456/orders:batchApprove", {{"names", {booked.order}}});
    at.post("/v1/networks/123456/lineItems:batchPause", {{"names", {booked.line_item}}});
    const auto doomed = at.post("/v1/networks/123456/orders:batchCreate", batch("order", order_body("Doomed")));
    at.post("/v1/networks/123456/orders:batchDelete", {{"names", {doomed.text("/orders/0/name")}}});
    const auto advertiser = at.get("/kevel/v1/advertiser").at("/items/0/Id");
    REQUIRE(at.post("/kevel/v1/campaign", {{"AdvertiserId", advertiser}, {"Name", "c"}, {"IsActive", true}}).status ==
            200);
    gam = state_of(at, "gam/123456");
    kevel = state_of(at, "kevel/north");
    bearer = at.bearer;
    secret = at.kevel_secret;
  }
  stand at;
  at.served.keep_on(std::make_shared<disk>(file.path()));
  CHECK(state_of(at, "gam/123456") == gam);
  CHECK(state_of(at, "kevel/north") == kevel);
  at.bearer = bearer;
  CHECK(at.get("/v1/networks/123456/orders").status == 200);
  const auto next = at.post("/v1/networks/123456/orders:batchCreate", batch("order", order_body("Next")));
  REQUIRE(next.status == 200);
  CHECK(gam.at("orders").as_array().size() + 1 == state_of(at, "gam/123456").at("orders").as_array().size());
}

TEST_CASE("a reset is kept, too, and so are credentials") {
  const state_file file;
  {
    stand at;
    at.served.keep_on(std::make_shared<disk>(file.path()));
    book(at);
    REQUIRE(at.post("/_sandbox/reset", json::object()).status == 200);
  }
  stand at;
  const auto fresh = state_of(at, "gam/123456");
  at.served.keep_on(std::make_shared<disk>(file.path()));
  CHECK(state_of(at, "gam/123456") == fresh);

  disk kept(file.path());
  CHECK_FALSE(kept.account("sa-7@sandbox.example").has_value());
  const auto account = tenon::sandbox::make_service_account("7");
  kept.keep(account);
  const auto found = kept.account("sa-7@sandbox.example");
  REQUIRE(found.has_value());
  CHECK(found->key.verify("text", account.key.sign("text")));
  CHECK(found->key_id == account.key_id);
  CHECK(found->networks == account.networks);
  const auto key = tenon::sandbox::make_api_key("k");
  kept.keep(key);
  CHECK(kept.key("k")->secret == key.secret);
}

TEST_CASE("a file that is none is told") {
  const state_file file;
  { const disk made(file.path()); }
  std::filesystem::resize_file(file.path(), 100);
  CHECK_THROWS_WITH_AS(disk(file.path()), doctest::Contains("restore the file from a backup"), std::runtime_error);
}
