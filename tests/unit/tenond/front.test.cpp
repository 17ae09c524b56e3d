// Goal: HTTP, MCP and the host agree, from the bearer token to the tool result. Method: requests as values into
// `front`, a real host with the echo plugin behind it.
#include "front_world.hpp"

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

TEST_CASE("without a known token there is a 401 with a challenge before anything else is looked at") {
  front_world w;
  for (const char* method : {"POST", "GET"}) {
    const auto none = w.send({.method = method, .path = "/mcp", .query = {}, .headers = {}, .body = "{", .peer = {}});
    CHECK(none.status == 401);
    REQUIRE(none.headers.back().first == "www-authenticate");
    CHECK(none.headers.back().second.find("invalid_token") == std::string::npos);
  }
  const auto wrong = w.send({.method = "POST",
                             .path = "/t/nobody/mcp",
                             .query = {},
                             .headers = {{"authorization", "Bearer guess"}},
                             .body = "",
                             .peer = {}});
  CHECK(wrong.status == 401);
  CHECK(wrong.headers.back().second.find("invalid_token") != std::string::npos);
}

TEST_CASE("health and readiness need no token, and readiness ends when the server drains") {
  front_world w;
  const auto get = [&](const char* path) {
    return w.send({.method = "GET", .path = path, .query = {}, .headers = {}, .body = {}, .peer = {}}).status;
  };
  CHECK(get("/healthz") == 200);
  CHECK(get("/readyz") == 200);
  w.under_test->begin_draining();
  CHECK(get("/healthz") == 200);
  CHECK(get("/readyz") == 503);
}

TEST_CASE("other paths are 404, other methods 405 with what is allowed") {
  front_world w;
  for (const char* path : {"/", "/mcp/x", "/t//mcp", "/t/a/b/mcp", "/t/acme"}) {
    CAPTURE(path);
    CHECK(w.post("{}", path).status == 404);
  }
  const auto get = w.send({.method = "GET",
                           .path = "/mcp",
                           .query = {},
                           .headers = {{"authorization", "Bearer secret-token"}},
                           .body = {},
                           .peer = {}});
  CHECK(get.status == 405);
  CHECK(get.headers.back() == std::pair<std::string, std::string>("allow", "POST"));
  const auto put = w.send({.method = "PUT", .path = "/readyz", .query = {}, .headers = {}, .body = {}, .peer = {}});
  CHECK(put.status == 405);
  CHECK(put.headers.back() == std::pair<std::string, std::string>("allow", "GET, HEAD"));
}

TEST_CASE("initialize agrees on the asked version if it is known, else offers the newest") {
  front_world w;
  CHECK(w.rpc("initialize", {{"protocolVersion", "2025-03-26"}}).at("result").at("protocolVersion") == "2025-03-26");
  CHECK(w.rpc("initialize", {{"protocolVersion", "1999-01-01"}}).at("result").at("protocolVersion") == "2025-11-25");
  CHECK(w.rpc("ping").at("result").as_object().empty());
}

TEST_CASE("a notification gets 202 and no body") {
  front_world w;
  const auto answer = w.post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  CHECK(answer.status == 202);
  CHECK(answer.body.empty());
}

TEST_CASE("malformed messages get the JSON-RPC error that names the fault") {
  front_world w;
  const auto code = [&](const std::string& body) {
    return json::parse(w.post(body).body).at("error").at("code").as_int64();
  };
  CHECK(w.post("{").status == 400);
  CHECK(code("{") == -32700);
  CHECK(code("[]") == -32600);
  CHECK(code(R"({"jsonrpc":"1.0","id":1,"method":"ping"})") == -32600);
  CHECK(code(R"({"jsonrpc":"2.0","id":1})") == -32600);
  CHECK(code(R"({"jsonrpc":"2.0","id":{},"method":"ping"})") == -32600);
  CHECK(code(R"({"jsonrpc":"2.0","id":1,"method":"nothing"})") == -32601);
  CHECK(code(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})") == -32602);
  CHECK(code(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}})") == -32602);
}

TEST_CASE("an unknown tool is -32602 with the words the official runner looks for") {
  front_world w;
  const auto error = w.rpc("tools/call", {{"name", "no_such"}}).at("error").as_object();
  CHECK(error.at("code") == -32602);
  CHECK(error.at("message") == "Unknown tool: no_such");
}

TEST_CASE("tools are the plugin's tasks, listed without loading it") {
  front_world w;
  const auto tools = w.rpc("tools/list").at("result").at("tools").as_array();
  CHECK(tools.size() == 10);
  CHECK(tools[0].at("name") == "create_media_buy");
  for (const auto& tool : tools) CHECK_FALSE(tool.at("description").as_string().empty());
  CHECK(w.files.mapped() == 0);
  CHECK(w.rpc("tools/list", {}, "/mcp").at("result").at("tools").as_array().size() == 10);
  CHECK(w.rpc("tools/list", {}, "/t/nobody/mcp").contains("error"));
}

TEST_CASE("a tenant of other principals has no tools, no capabilities and no difference from one that is not there") {
  front_world w;
  w.files.write_tenant("closed", "plugin = \"echo\"\nprincipals = [\"somebody-else\"]\n");
  REQUIRE(w.host->reload().ok());
  CHECK(w.rpc("tools/list", {}, "/t/closed/mcp") == w.rpc("tools/list", {}, "/t/nobody/mcp"));
  CHECK(w.call("get_adcp_capabilities", {}, "/t/closed/mcp") == w.call("get_adcp_capabilities", {}, "/t/nobody/mcp"));
  CHECK(w.call("get_products", {}, "/t/closed/mcp") == w.call("get_products", {}, "/t/nobody/mcp"));
}

TEST_CASE("a bare call without initialize reaches the tenant of the path, of the host and of the account alike") {
  front_world w;
  const json::object context = {{"id", "x"}};
  const auto by_path = w.call("get_products", {{"context", context}});
  CHECK(by_path.at("structuredContent").at("tag") == "a");
  CHECK(by_path.at("structuredContent").at("context") == context);
  CHECK(w.call("get_products", {}, "/mcp", {{"host", "ACME.example.com:80"}}).at("structuredContent").at("tag") == "a");
  CHECK(
      w.call("get_products", {{"account", {{"account_id", "acme-main"}}}}, "/mcp").at("structuredContent").at("tag") ==
      "a");
  CHECK(w.call("get_products", {}, "/mcp").at("structuredContent").at("adcp_error").at("code") == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("errors of the plugin and of the server are tool results, not protocol errors") {
  front_world w;
  const auto failed = w.call("get_products", {{"fail", "PRODUCT_NOT_FOUND"}, {"context", {{"id", 1}}}});
  CHECK(failed.at("isError") == true);
  CHECK(failed.at("structuredContent").at("adcp_error").at("code") == "PRODUCT_NOT_FOUND");
  CHECK(failed.at("structuredContent").at("context").at("id") == 1);
  CHECK(w.call("create_media_buy", {}).at("structuredContent").at("adcp_error").at("field") == "idempotency_key");
  CHECK(w.call("sync_audiences", {{"idempotency_key", "0123456789abcdef"}})
            .at("structuredContent")
            .at("adcp_error")
            .at("code") == "UNSUPPORTED_FEATURE");
}

TEST_CASE("capabilities name the release and what the tenant claims") {
  front_world w;
  const auto body = w.call("get_adcp_capabilities", {}).at("structuredContent").as_object();
  CHECK(body.at("status") == "completed");
  CHECK(body.at("adcp").at("major_versions") == json::array{3});
  CHECK(body.at("specialisms") == json::array{"sales-guaranteed"});
  CHECK(body.at("media_buy").at("features") == json::value{{"inline_creative_management", true}});
}

TEST_CASE("a task that was submitted can be asked for, by who submitted it alone") {
  front_world w;
  const auto sold =
      w.call("create_media_buy",
             front_world::buy({{"idempotency_key", "0123456789abcdef"}, {"submit", 0}, {"context", {{"trace", 1}}}}))
          .at("structuredContent")
          .as_object();
  CHECK(sold.at("status") == "submitted");
  CHECK(sold.at("context") == json::value{{"trace", 1}});
  const json::object asked{{"task_id", sold.at("task_id")}};
  json::object task;
  REQUIRE(host_fixture::eventually([&] {
    task = w.call("tasks_get", asked).at("structuredContent").as_object();
    return task.at("status") == "completed";
  }));
  CHECK(task.at("task_type") == "create_media_buy");
  CHECK(task.at("result").at("media_buy_id") == "mb-acme");
  CHECK(w.call("tasks_get", asked, "/mcp").at("structuredContent").at("status") == "completed");

  const auto missing = w.call("tasks_get", {{"task_id", "task-0"}}).at("structuredContent").at("adcp_error");
  CHECK(missing.at("code") == "REFERENCE_NOT_FOUND");
  CHECK(w.call("tasks_get", {}).at("structuredContent").at("adcp_error").at("field") == "task_id");
  w.buyers.assign(
      std::vector<principal>{{"other", "930bbdc51b6aed5c2a5678fd6e28dee7a05e8a4b643cfc0b4427c3efb86c0d94"}});
  CHECK(w.call("tasks_get", asked).at("structuredContent").at("adcp_error") == missing);
}
