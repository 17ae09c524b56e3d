// Goal: a buyer who sends too many is told so in the way its client reads, an address that guesses tokens learns
// nothing, and every call leaves its line. Method: requests as values into `front`, with a clock that stands still.
#include "audited_call.hpp"
#include "front_world.hpp"
#include "manual_clock.hpp"

#include <fstream>

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr const char* key = "0123456789abcdef";
const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";

struct controlled_world : front_world {
  controlled_world() {
    REQUIRE(audit.open(file()));
    under_test = std::make_unique<front>(
        **host, buyers, *desk, browser_guard(),
        edge_controls{.audit = &audit, .requests = &requests, .failures = &failures, .time = &time});
  }
  ~controlled_world() {
    host->stop();  // what is on its way is answered, and written down, before the log goes
    under_test.reset();
  }

  std::filesystem::path file() const { return files.root() / "audit.jsonl"; }

  std::vector<json::object> lines() const {
    std::ifstream in(file());
    std::vector<json::object> all;
    for (std::string line; std::getline(in, line);) all.push_back(json::parse(line).as_object());
    return all;
  }
  json::object last_line() const {
    const auto all = lines();
    REQUIRE_FALSE(all.empty());
    return all.back();
  }
  std::string last_outcome() const { return std::string(last_line().at("outcome").as_string()); }

  unsigned status_with(const std::string& token, const std::string& peer) const {
    http::request head{.method = "POST",
                       .path = "/t/acme/mcp",
                       .query = {},
                       .headers = {{"content-type", "application/json"}},
                       .body = {},
                       .peer = peer};
    if (!token.empty()) head.headers.emplace_back("authorization", "Bearer " + token);
    const auto refused = under_test->answer_head(head);
    return refused ? refused->status : 0;
  }

  testing::manual_clock time;
  audit_log audit{time, [](const std::string&) {}};
  principal_limits requests{time};
  auth_failures failures{time, 10};
};

std::string_view header(const http::response& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("a call beyond the limit is an AdCP error that says when to come back, until it is due") {
  controlled_world w;
  w.requests.assign({{"buyer", {.per_second = 0.25, .burst = 1}}});
  const json::object arguments{{"buying_mode", "brief"}, {"brief", "x"}, {"context", {{"id", "mine"}}}};
  CHECK_FALSE(w.call("get_products", arguments).contains("isError"));
  const auto refused = w.call("get_products", arguments);
  CHECK(refused.at("isError") == true);
  const auto body = refused.at("structuredContent").as_object();
  CHECK(json::parse(refused.at("content").at(0).at("text").as_string()) == body);
  CHECK(body.at("context").at("id") == "mine");
  const auto fault = body.at("adcp_error").as_object();
  CHECK(fault.at("code") == "RATE_LIMITED");
  CHECK(fault.at("recovery") == "transient");
  CHECK(fault.at("retry_after") == 4);
  CHECK(fault.at("details").at("limit") == 0.25);
  CHECK(fault.at("details").at("window_seconds") == 1);
  CHECK(w.last_outcome() == "rate_limited");
  w.time.advance(4s);
  CHECK_FALSE(w.call("get_products", arguments).contains("isError"));
}

TEST_CASE("another method beyond the limit is an error of JSON-RPC, and what is no request is told 429") {
  controlled_world w;
  w.requests.assign({{"buyer", {.per_second = 0.25, .burst = 1}}});
  CHECK(w.rpc("ping").contains("result"));
  for (const auto* method : {"ping", "initialize", "tools/list", "no/such"}) {
    const auto fault = w.rpc(method).at("error").as_object();
    CHECK(fault.at("code") == -32029);
    CHECK(fault.at("data").at("adcp_error").at("code") == "RATE_LIMITED");
    CHECK(fault.at("data").at("adcp_error").at("retry_after") == 4);
  }
  const auto streamed = w.post(ping, "/mcp", {{"accept", "text/event-stream"}});
  CHECK(streamed.body.find("event: message\ndata: {") == 0);
  for (const auto* body : {R"({"jsonrpc":"2.0","method":"notifications/initialized"})", "[]", "{", "3", "{}",
                           R"({"jsonrpc":"2.0","id":{},"method":"ping"})", R"({"jsonrpc":"2.0","id":1,"method":2})"}) {
    const auto answer = w.post(body);
    CHECK(answer.status == 429);
    CHECK(header(answer, "retry-after") == "4");
  }
  CHECK(w.lines().empty());
}

TEST_CASE("a large request beyond the limit is not read to be refused") {
  controlled_world w;
  w.requests.assign({{"buyer", {.per_second = 0.25, .burst = 1}}});
  CHECK(w.rpc("ping").contains("result"));
  const auto with_context = [](std::size_t bytes) {
    return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_products","arguments":{"context":{"a":")" +
           std::string(bytes, 'x') + "\"}}}}";
  };
  CHECK(w.post(with_context(60'000)).status == 200);
  const auto refused = w.post(with_context(70'000));
  CHECK(refused.status == 429);
  CHECK(header(refused, "retry-after") == "4");
  CHECK(refused.body.size() < 1000);
}

TEST_CASE("a call whose parameters are anything is refused all the same") {
  controlled_world w;
  w.requests.assign({{"buyer", {.per_second = 0.25, .burst = 1}}});
  CHECK(w.rpc("ping").contains("result"));
  for (const auto* params : {"3", "{}", R"({"name":3,"arguments":4})"}) {
    const auto answer =
        w.post(std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)") + params + '}');
    CHECK(answer.status == 200);
    CHECK(json::parse(answer.body).at("result").at("isError") == true);
  }
}

TEST_CASE("an address that guesses is told 429, and not whether it guessed right; who sends no token guesses none") {
  controlled_world w;
  for (int i = 0; i < 10; ++i) CHECK(w.status_with("guess", "192.0.2.1") == 401);
  CHECK(w.status_with("guess", "192.0.2.1") == 429);
  CHECK(w.status_with("secret-token", "192.0.2.1") == 429);
  CHECK(w.last_line().at("principal") == "buyer");
  CHECK(w.last_outcome() == "auth_rate_limited");
  CHECK(w.status_with("", "192.0.2.1") == 401);
  CHECK(w.last_outcome() == "no_token");
  CHECK(w.status_with("secret-token", "192.0.2.2") == 0);
  for (int i = 0; i < 20; ++i) w.status_with("guess", "192.0.2.2");
  CHECK(w.status_with("guess", "192.0.2.2") == 429);
  CHECK(w.status_with("secret-token", "192.0.2.2") == 0);
  for (int i = 0; i < 100; ++i) CHECK(w.status_with("", "192.0.2.3") == 401);
  w.time.advance(1min);
  CHECK(w.status_with("secret-token", "192.0.2.1") == 0);

  http::request guess{.method = "POST",
                      .path = "/mcp",
                      .query = {},
                      .headers = {{"authorization", "Bearer guess"}},
                      .body = {},
                      .peer = "192.0.2.4"};
  for (int i = 0; i < 10; ++i) w.under_test->answer_head(guess);
  const auto refused = w.under_test->answer_head(guess);
  REQUIRE(refused.has_value());
  CHECK(header(*refused, "retry-after") == "6");
}

TEST_CASE("a flood of refused tokens and of calls beyond the limit leaves a bounded number of lines") {
  controlled_world w;
  w.requests.assign({{"buyer", {.per_second = 0.001, .burst = 1}}});
  for (int i = 0; i < 500; ++i) {
    w.status_with("guess", "192.0.2.1");
    w.call("get_products", {});
  }
  CHECK(w.lines().size() <= 3 * 20 + 1);
  w.audit.summarise();
  std::int64_t told = 0;
  for (const auto& line : w.lines()) told += line.contains("count") ? line.at("count").as_int64() : 1;
  CHECK(told == 1000);
}

TEST_CASE("a call leaves a line that says who, what, for whom and what became of it") {
  controlled_world w;
  const auto asked = front_world::buy({{"idempotency_key", key},
                                       {"account", {{"account_id", "acme-main"}}},
                                       {"brand", {{"domain", "payload-secret.example"}}},
                                       {"sleep_ms", 1}});
  const json::object message{{"jsonrpc", "2.0"},
                             {"id", 1},
                             {"method", "tools/call"},
                             {"params", {{"name", "create_media_buy"}, {"arguments", asked}}}};
  http::request request{.method = "POST",
                        .path = "/mcp",
                        .query = {},
                        .headers = {{"authorization", "Bearer secret-token"}, {"content-type", "application/json"}},
                        .body = json::serialize(message),
                        .peer = "192.0.2.7"};
  w.send(request);
  auto line = w.last_line();
  CHECK(line.at("event") == "call");
  CHECK(line.at("tenant") == "acme");
  CHECK(line.at("principal") == "buyer");
  CHECK(line.at("task") == "create_media_buy");
  CHECK(line.at("account_id") == "acme-main");
  CHECK(line.at("outcome") == "completed");
  CHECK(line.at("idempotency_key") == key);
  CHECK(line.at("media_buy_id") == "mb-acme");
  CHECK(line.at("remote") == "192.0.2.7");
  CHECK(line.at("latency_us") == 0);  // the clock stands still
  CHECK(line.at("time") == "2023-11-14T23:13:20.000Z");
  const auto first_id = line.at("request_id");
  CHECK(first_id.as_string().starts_with("call-"));

  w.send(request);
  line = w.last_line();
  CHECK(line.at("outcome") == "replayed");
  CHECK(line.at("media_buy_id") == "mb-acme");
  CHECK(line.at("request_id") != first_id);

  std::ifstream in(w.file());
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  for (const auto* secret : {"secret-token", "payload-secret", "930bbdc5"}) CHECK(all.find(secret) == all.npos);
}

TEST_CASE("the outcome is what the buyer was told") {
  controlled_world w;
  const auto outcome = [&w](const std::string& task, json::object arguments) {
    w.rpc("tools/call", {{"name", task}, {"arguments", std::move(arguments)}});
    return w.last_outcome();
  };
  CHECK(outcome("get_products", {{"buying_mode", "brief"}, {"brief", "x"}}) == "completed");
  CHECK_FALSE(w.last_line().contains("media_buy_id"));
  CHECK(outcome("get_products", {{"buying_mode", 3}}) == "VALIDATION_ERROR");
  CHECK(outcome("get_products", {{"buying_mode", "brief"}, {"brief", "x"}, {"fail", "RATE_LIMITED"}}) ==
        "RATE_LIMITED");
  CHECK(outcome("create_media_buy", front_world::buy({{"idempotency_key", key}, {"submit", 60'000}})) == "submitted");
  const auto task_id = w.last_line().at("task_id");
  CHECK(outcome("tasks_get", {{"task_id", task_id}}) == "completed");
  CHECK_FALSE(w.last_line().contains("task_id"));
  CHECK(outcome("create_media_buy", front_world::buy({{"idempotency_key", key}, {"n", 2}})) == "IDEMPOTENCY_CONFLICT");
  CHECK(outcome("create_media_buy", front_world::buy({})) == "INVALID_REQUEST");
  CHECK(outcome("get_adcp_capabilities", {}) == "completed");
  CHECK(outcome("no_such\n\"tool", {}) == "unknown_tool");
  CHECK(w.last_line().at("task") == "no_such\n\"tool");
  CHECK(outcome(std::string(70'000, 'x'), {}) == "unknown_tool");
  CHECK(w.last_line().at("task").as_string().size() < 70);
  CHECK(outcome("comply_test_controller", {{"scenario", "force_account_status"}}) == "unknown_tool");
  w.rpc("tools/call", json::object());
  CHECK(w.last_outcome() == "invalid_params");
  const auto so_far = w.lines().size();
  w.post(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":3})");
  CHECK(w.lines().size() == so_far + 1);
  CHECK(w.last_outcome() == "invalid_params");
  { const auto dropped = audited_call::begin(&w.audit, w.time, {.principal = "buyer", .tenant = "acme"}, {}); }
  CHECK(w.last_outcome() == "abandoned");
  const auto before = w.lines().size();
  w.rpc("tools/list");
  w.rpc("ping");
  CHECK(w.lines().size() == before);
}

TEST_CASE("a plugin's error code is an outcome and nothing more") {
  controlled_world w;
  w.rpc("tools/call", {{"name", "get_products"},
                       {"arguments", {{"buying_mode", "brief"}, {"brief", "x"}, {"fail", "BUDGET_TOO_LOW"}}}});
  CHECK(w.last_outcome() == "BUDGET_TOO_LOW");
  CHECK(w.last_line().at("tenant") == "acme");
}
