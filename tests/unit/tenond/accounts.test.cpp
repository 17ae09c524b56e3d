// Goal: buyers declare accounts where the tenant lets them, find them again and no others, and are refused in them when
// they cannot be used. Method: sync_accounts and list_accounts through `front`, with tenants of every kind behind it.
#include "front_world.hpp"

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

namespace {

/// Besides acme, which lists its accounts: "open", which has implicit ones, and "try", a sandbox.
struct world : front_world {
  world() {
    files.write_tenant("open", "plugin = \"echo\"\nimplicit_accounts = true\n");
    files.write_tenant("try", "plugin = \"echo\"\nsandbox = true\n");
    REQUIRE(host->reload().ok());
  }

  json::object ask(const std::string& tool, const std::string& arguments, const std::string& tenant = "open") {
    auto all = json::parse(arguments).as_object();
    if (tool == "create_media_buy") all = buy(all);
    if (tool == "sync_accounts") all["idempotency_key"] = "accounts-key-" + std::to_string(1000 + ++keys);
    return call(tool, std::move(all), "/t/" + tenant + "/mcp").at("structuredContent").as_object();
  }
  json::object sync(const std::string& accounts, const std::string& tenant = "open", const std::string& more = "") {
    return ask("sync_accounts", R"({"accounts":[)" + accounts + "]" + more + "}", tenant);
  }
  std::vector<std::string> listed(const std::string& tenant = "open", const std::string& request = "{}") {
    std::vector<std::string> ids;
    const auto answer = ask("list_accounts", request, tenant);
    for (const auto& each : answer.at("accounts").as_array()) ids.emplace_back(each.at("account_id").as_string());
    return ids;
  }

  int keys = 0;
};

const std::string nova = R"({"brand":{"domain":"nova.example"},"operator":"agency.example","billing":"operator"})";
const std::string test =
    R"({"brand":{"domain":"nova.example"},"operator":"agency.example","billing":"agent","sandbox":true})";
using names = std::vector<std::string>;

std::string text(const json::value& object, std::string_view member) {
  return std::string(object.as_object().at(member).as_string());
}

}  // namespace

TEST_CASE("an account is declared once, changed, found by both its names, and survives the desk") {
  world w;
  const auto first = w.sync(nova + "," + test);
  const auto made = first.at("accounts").at(0);
  CHECK(text(made, "action") == "created");
  CHECK(text(made, "status") == "active");
  CHECK(text(made, "account_id") == "nova.example/agency.example");
  CHECK(first.at("accounts").at(1).at("sandbox") == true);
  CHECK(text(w.sync(nova).at("accounts").at(0), "action") == "unchanged");
  const auto changed = w.sync(
      R"({"brand":{"domain":"nova.example"},"operator":"agency.example","billing":"agent","payment_terms":"net_30"})");
  CHECK(text(changed.at("accounts").at(0), "action") == "updated");
  CHECK(text(changed.at("accounts").at(0), "payment_terms") == "net_30");
  CHECK(w.listed() == names{"nova.example/agency.example", "nova.example/agency.example/sandbox"});
  for (const std::string named : {R"({"account_id":"nova.example/agency.example"})",
                                  R"({"brand":{"domain":"nova.example"},"operator":"agency.example"})"})
    CHECK(w.ask("get_products", R"({"account":)" + named + "}").contains("products"));
  CHECK(w.listed("open", R"({"sandbox":true})") == names{"nova.example/agency.example/sandbox"});
  CHECK(w.listed("open", R"({"status":"suspended"})").empty());
  CHECK(w.listed("try").empty());
}

TEST_CASE("a tenant that lists its accounts has no others") {
  world w;
  const auto refused = w.sync(nova, "acme").at("accounts").at(0);
  CHECK(text(refused, "action") == "failed");
  CHECK(text(refused, "status") == "rejected");
  CHECK(text(refused.at("errors").at(0), "code") == "ACCOUNT_NOT_FOUND");
  CHECK(w.listed("acme").empty());  // whoever has a token may ask there
  w.files.write_tenant("house", "plugin = \"echo\"\nprincipals = [\"buyer\"]\naccounts = [{ id = \"house-main\" }]\n");
  REQUIRE(w.host->reload().ok());
  CHECK(w.listed("house") == names{"house-main"});
}

TEST_CASE("each account fails by itself") {
  world w;
  const auto answer =
      w.sync(nova + R"(,{"brand":{"domain":"no domain"},"operator":"agency.example","billing":"agent"})" +
             R"(,{"brand":{"domain":"a.example"},"operator":"agency.example","billing":"advertiser"})" +
             R"(,{"operator":"agency.example","billing":"agent"})");
  const auto& all = answer.at("accounts").as_array();
  names codes;
  for (const auto& each : all)
    codes.push_back(text(each, "action") == "failed" ? text(each.at("errors").at(0), "code") : "");
  CHECK(codes == names{"", "ACCOUNT_NOT_FOUND", "BILLING_NOT_SUPPORTED", "INVALID_REQUEST"});
  CHECK(text(w.ask("sync_accounts", R"({"accounts":1})").at("adcp_error"), "field") == "accounts");
}

TEST_CASE("what is left out is closed when the buyer says so, and a dry run changes nothing") {
  world w;
  w.sync(nova + "," + test);
  const auto tried = w.sync(nova, "open", R"(,"delete_missing":true,"dry_run":true)");
  CHECK(tried.at("dry_run") == true);
  CHECK(text(tried.at("accounts").at(1), "status") == "closed");
  CHECK(w.listed("open", R"({"status":"active"})").size() == 2);
  w.sync(nova, "open", R"(,"delete_missing":true)");
  CHECK(w.listed("open", R"({"status":"active"})") == names{"nova.example/agency.example"});
  const std::string buy =
      R"({"idempotency_key":"0123456789abcdef","account":{"account_id":"nova.example/agency.example/sandbox"}})";
  CHECK(text(w.ask("create_media_buy", buy).at("adcp_error"), "code") == "ACCOUNT_SUSPENDED");
  w.sync(test);
  CHECK(w.ask("create_media_buy", buy).contains("media_buy_id"));
}

TEST_CASE("accounts are listed in pages") {
  world w;
  std::string all;
  for (int number = 0; number < 5; ++number)
    all += (number == 0 ? "" : ",") + std::string(R"({"brand":{"domain":"b)") + std::to_string(number) +
           R"(.example"},"operator":"agency.example","billing":"agent"})";
  w.sync(all);
  names seen;
  std::string cursor;
  for (int page = 0; page < 3; ++page) {
    const auto answer = w.ask("list_accounts", R"({"pagination":{"max_results":2)" + cursor + "}}");
    for (const auto& each : answer.at("accounts").as_array()) seen.push_back(text(each, "account_id"));
    const auto& pagination = answer.at("pagination").as_object();
    CHECK(pagination.at("has_more") == (page < 2));
    CHECK(pagination.contains("cursor") == (page < 2));
    if (page < 2) cursor = R"(,"cursor":")" + text(pagination, "cursor") + "\"";
  }
  CHECK(seen.size() == 5);
  CHECK(seen == w.listed());
}

TEST_CASE("a sandbox takes whatever account is named, and its buyers steer the accounts") {
  world w;
  w.sync(test, "try");
  const auto force = [&](const std::string& id, const std::string& status) {
    return w.ask(
        "comply_test_controller",
        R"({"scenario":"force_account_status","params":{"account_id":")" + id + R"(","status":")" + status + "\"}}",
        "try");
  };
  const auto moved = force("nova.example/agency.example/sandbox", "suspended");
  CHECK(moved.at("success") == true);
  CHECK(text(moved, "previous_state") == "active");
  CHECK(text(w.ask("create_media_buy",
                   R"({"idempotency_key":"0123456789abcdef","account":{"brand":{"domain":"nova.example"},)"
                   R"("operator":"agency.example","sandbox":true}})",
                   "try")
                 .at("adcp_error"),
             "code") == "ACCOUNT_SUSPENDED");
  CHECK(text(force("nobody", "active"), "error") == "NOT_FOUND");
  CHECK(text(force("nobody", "happy"), "error") == "INVALID_PARAMS");
  CHECK(w.ask("get_products", R"({"account":{"account_id":"any"}})", "try").contains("products"));
}

TEST_CASE("other tenants have no test controller") {
  world w;
  for (const std::string tenant : {"acme", "open"}) {
    const auto answer = w.rpc("tools/call", {{"name", "comply_test_controller"}, {"arguments", {{"scenario", "x"}}}},
                              "/t/" + tenant + "/mcp");
    CHECK(answer.at("error").at("code") == -32602);
  }
}
