// Goal: a call that changes something is made once, whoever repeats it and whatever ended in between, and a key is
// its buyer's alone. Method: requests through `front`, the echo plugin behind it, whose settings change between a call
// and its repeat; a desk that is opened anew on the same files is the process after a restart.
#include "front_world.hpp"
#include "idempotency/canonical_json.hpp"

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

namespace {

constexpr const char* key = "0123456789abcdef";

json::object body_of(const json::object& answer) { return answer.at("structuredContent").as_object(); }

std::string code_of(const json::object& answer) {
  const auto body = body_of(answer);
  return body.contains("adcp_error") ? std::string(body.at("adcp_error").at("code").as_string()) : "";
}

/// From now on the plugin answers otherwise.
void change_tag(front_world& w, const std::string& tag) {
  w.files.write_tenant(
      "acme", "plugin = \"echo\"\naccounts = [{ id = \"acme-main\" }]\nsettings = { tag = \"" + tag + "\" }\n");
  REQUIRE(w.host->reload().ok());
}

void close_desk(front_world& w) {
  w.under_test.reset();
  const std::weak_ptr<adcp_desk> before = w.desk;
  w.desk.reset();
  REQUIRE(host_fixture::eventually([&] { return before.expired(); }));  // what answered last may still hold it
  w.books = {};
}

void restart_desk(front_world& w) {
  close_desk(w);
  w.open_desk();
  w.under_test = std::make_unique<front>(**w.host, w.buyers, *w.desk);
}

}  // namespace

TEST_CASE("a repeated call is answered as the first one was, with the context of its own, also after a restart") {
  front_world w;
  const auto first = front_world::buy({{"idempotency_key", key}, {"n", 1}, {"context", {{"id", "first"}}}});
  const auto made = body_of(w.call("create_media_buy", first));
  CHECK(made.at("tag") == "a");
  CHECK_FALSE(made.contains("replayed"));
  change_tag(w, "b");
  auto again = first;
  again["context"] = {{"id", "second"}};
  for (int restarts = 0; restarts < 2; ++restarts) {
    auto replayed = body_of(w.call("create_media_buy", again));
    CHECK(replayed.at("replayed") == true);
    CHECK(replayed.at("context").at("id") == "second");
    replayed.erase("replayed");
    replayed["context"] = made.at("context");
    CHECK(replayed == made);
    restart_desk(w);
  }
  auto other_key = first;
  other_key["idempotency_key"] = "another-key-0123";
  CHECK(body_of(w.call("create_media_buy", other_key)).at("tag") == "b");
}

TEST_CASE("a key belongs to one request, and the refusal does not tell which") {
  front_world w;
  CHECK(code_of(w.call("create_media_buy", front_world::buy({{"idempotency_key", key}, {"n", 1}}))).empty());
  const auto refused = w.call("create_media_buy", front_world::buy({{"idempotency_key", key}, {"n", 2}}));
  CHECK(refused.at("isError") == true);
  const auto fault = body_of(refused).at("adcp_error").as_object();
  CHECK(fault.at("code") == "IDEMPOTENCY_CONFLICT");
  CHECK(fault.size() == 2);
  CHECK(code_of(w.call("update_media_buy", {{"idempotency_key", key}, {"media_buy_id", "m"}})) ==
        "IDEMPOTENCY_CONFLICT");
}

TEST_CASE("a key is one principal's and one tenant's") {
  front_world w;
  w.files.write_tenant("beta", "plugin = \"echo\"\nsettings = { tag = \"beta\" }\n");
  REQUIRE(w.host->reload().ok());
  const auto asked = front_world::buy({{"idempotency_key", key}, {"n", 1}});
  CHECK(body_of(w.call("create_media_buy", asked)).at("tag") == "a");
  CHECK(body_of(w.call("create_media_buy", asked, "/t/beta/mcp")).at("tag") == "beta");
  w.buyers.assign(
      std::vector<principal>{{"other", "930bbdc51b6aed5c2a5678fd6e28dee7a05e8a4b643cfc0b4427c3efb86c0d94"}});
  CHECK_FALSE(body_of(w.call("create_media_buy", asked)).contains("replayed"));
  CHECK(code_of(w.call("create_media_buy", front_world::buy({{"idempotency_key", key}, {"n", 2}}))) ==
        "IDEMPOTENCY_CONFLICT");
}

TEST_CASE("what was refused may be asked for anew, and what ended in the dark is looked for first") {
  front_world w;
  CHECK(code_of(w.call("create_media_buy", front_world::buy({{"idempotency_key", key},
                                                             {"fail", "PRODUCT_NOT_FOUND"}}))) == "PRODUCT_NOT_FOUND");
  const auto dark = front_world::buy({{"idempotency_key", key}, {"fail", "SERVICE_UNAVAILABLE"}});
  CHECK(code_of(w.call("create_media_buy", dark)) == "SERVICE_UNAVAILABLE");
  CHECK(code_of(w.call("create_media_buy", front_world::buy({{"idempotency_key", key}}))) == "IDEMPOTENCY_CONFLICT");
  CHECK(code_of(w.call("create_media_buy", dark)) == "SERVICE_UNAVAILABLE");

  const auto killed = front_world::buy({{"idempotency_key", "killed-0123456789"}, {"n", 1}});
  const idempotency_scope scope{"acme", "buyer", "killed-0123456789"};
  {  // a process that dies when it has written the call down
    const auto before = killed;
    close_desk(w);
    auto books = desk_books::open(w.files.root() / "desk", system_clock()).value();
    auto begun = books.keys->begin(scope, "create_media_buy", request_hash(before).value());
    REQUIRE(begun.has_value());
    REQUIRE(std::holds_alternative<idempotency_go>(*begun));
    const auto refused = front_world::buy({{"fail", "PRODUCT_NOT_FOUND"}});
    auto other =
        books.keys->begin({"acme", "buyer", "refused-012345678"}, "create_media_buy", request_hash(refused).value());
    REQUIRE(other.has_value());
    REQUIRE(std::holds_alternative<idempotency_go>(*other));
  }
  w.open_desk();
  w.under_test = std::make_unique<front>(**w.host, w.buyers, *w.desk);
  const auto repeated = front_world::buy({{"idempotency_key", "killed-0123456789"}, {"n", 1}});
  CHECK(body_of(w.call("create_media_buy", repeated)).at("recovering") == true);
  const auto settled = body_of(w.call("create_media_buy", repeated));
  CHECK(settled.at("replayed") == true);
  CHECK(settled.at("recovering") == true);  // the stored answer
  // A refusal now says nothing about what the first attempt did: the key stays that request's.
  const auto refused = front_world::buy({{"idempotency_key", "refused-012345678"}, {"fail", "PRODUCT_NOT_FOUND"}});
  CHECK(code_of(w.call("create_media_buy", refused)) == "PRODUCT_NOT_FOUND");
  CHECK(code_of(w.call("create_media_buy", front_world::buy({{"idempotency_key", "refused-012345678"}}))) ==
        "IDEMPOTENCY_CONFLICT");
}

TEST_CASE("a submitted call is repeated with its task") {
  front_world w;
  const auto asked = front_world::buy({{"idempotency_key", key}, {"submit", 60'000}});
  const auto first = body_of(w.call("create_media_buy", asked));
  CHECK(first.at("status") == "submitted");
  const auto again = body_of(w.call("create_media_buy", asked));
  CHECK(again.at("task_id") == first.at("task_id"));
  CHECK(again.at("replayed") == true);
}

TEST_CASE("a call that is being made is not made twice") {
  front_world w;
  const auto asked = front_world::buy({{"idempotency_key", key}, {"never", true}});
  const json::object message{{"jsonrpc", "2.0"},
                             {"id", 1},
                             {"method", "tools/call"},
                             {"params", {{"name", "create_media_buy"}, {"arguments", asked}}}};
  http::request request{.method = "POST",
                        .path = "/t/acme/mcp",
                        .query = {},
                        .headers = {{"authorization", "Bearer secret-token"}, {"content-type", "application/json"}},
                        .body = json::serialize(message),
                        .peer = {}};
  w.under_test->handle(std::move(request), [](http::response) {});
  const auto refused = body_of(w.call("create_media_buy", asked)).at("adcp_error").as_object();
  CHECK(refused.at("code") == "IDEMPOTENCY_IN_FLIGHT");
  CHECK(refused.at("recovery") == "transient");
  CHECK(refused.at("retry_after") == 1);
  w.host->stop();
}

TEST_CASE("whoever wants to be told of a change is told once, and of a submitted one when it has ended") {
  front_world w;
  w.files.write_tenant("try", "plugin = \"echo\"\nsandbox = true\nprincipals = [\"buyer\"]\n");
  REQUIRE(w.host->reload().ok());
  const json::object config{{"url", "http://127.0.0.1:1/hook"}, {"operation_id", "op-1"}};
  const auto due = [&] {
    std::vector<std::string> bodies;
    const auto all = w.books.webhooks->take(wall_time::max(), 10, [](const due_webhook&) { return true; });
    REQUIRE(all.has_value());
    for (const auto& each : *all) {
      bodies.push_back(each.body);
      REQUIRE(w.books.webhooks->delivered(each.what.id).has_value());
    }
    return bodies;
  };
  auto asked = front_world::buy({{"idempotency_key", key}, {"push_notification_config", config}});
  CHECK(code_of(w.call("create_media_buy", asked)) == "INVALID_REQUEST");  // no sandbox: loopback is out of reach
  CHECK(code_of(w.call("create_media_buy", asked, "/t/try/mcp")).empty());
  CHECK(body_of(w.call("create_media_buy", asked, "/t/try/mcp")).at("replayed") == true);
  auto sent = due();
  REQUIRE(sent.size() == 1);
  auto told = json::parse(sent.front()).as_object();
  CHECK(told.at("operation_id") == "op-1");
  CHECK(told.at("task_type") == "create_media_buy");
  CHECK(told.at("status") == "completed");
  CHECK(told.at("result").at("media_buy_id") == "mb-try");
  CHECK(w.wakes == 1);

  asked["idempotency_key"] = "another-key-0123";
  asked["submit"] = 0;
  const auto submitted = body_of(w.call("create_media_buy", asked, "/t/try/mcp"));
  REQUIRE(submitted.at("status") == "submitted");
  const std::string id(submitted.at("task_id").as_string());
  REQUIRE(host_fixture::eventually([&] {  // as the host tells the daemon
    const auto found = host_fixture::wait((*w.host)->async_find_task("try", id, tenon::testing::as_future));
    if (!found || !*found || (*found)->now == submitted_task::state::submitted) return false;
    w.desk->task_ended(**found);
    return true;
  }));
  sent = due();
  REQUIRE(sent.size() == 1);
  told = json::parse(sent.front()).as_object();
  CHECK(told.at("task_id") == submitted.at("task_id"));
  CHECK(told.at("status") == "completed");
  CHECK(told.at("result").at("resumed") == "1.0.0");
}
