// Goal: what is wrong with a request is answered by its head, in an order that tells strangers nothing; what its body
// may be and what it is answered as follows the headers. Method: requests as values into `front`.
#include "front_world.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

http::request asking(const std::string& method, const std::string& path, http::header_list headers) {
  return {.method = method, .path = path, .query = {}, .headers = std::move(headers), .body = ping, .peer = {}};
}

std::string nested(std::size_t depth) {
  return R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":)" + std::string(depth - 2, '[') +
         std::string(depth - 2, ']') + "}}";
}

std::string content_type(const http::response& answer) {
  for (const auto& [name, value] : answer.headers) {
    if (name == "content-type") return value;
  }
  return {};
}

}  // namespace

TEST_CASE("the head of a good request is answered with nothing, that of any other is answered at once, in order") {
  front_world w;
  const std::pair<std::string, std::string> evil{"host", "evil.example.com"};
  const std::pair<std::string, std::string> page{"origin", "http://evil.example.com"};
  const std::pair<std::string, std::string> token{"authorization", "Bearer secret-token"};
  const std::pair<std::string, std::string> type{"content-type", "application/json"};
  const std::pair<std::string, std::string> version{"mcp-protocol-version", "1999-01-01"};
  const auto status = [&](const std::string& method, const std::string& path, http::header_list headers) {
    auto asked = asking(method, path, std::move(headers));
    const auto answer = w.under_test->answer_head(asked);
    return answer ? answer->status : 0;
  };
  CHECK(status("POST", "/mcp", {token, type}) == 0);
  CHECK(status("GET", "/x", {evil, page}) == 421);
  CHECK(status("GET", "/x", {page}) == 403);
  CHECK(status("GET", "/x", {}) == 404);
  CHECK(status("GET", "/mcp", {version}) == 401);
  CHECK(status("GET", "/mcp", {token, version}) == 405);
  CHECK(status("POST", "/mcp", {token, version}) == 415);
  CHECK(status("POST", "/mcp", {token, type, version}) == 400);
  CHECK(status("GET", "/healthz", {evil, page}) == 200);
  CHECK(status("POST", "/healthz", {}) == 405);
}

TEST_CASE("who asks is known from the head, until the tokens change") {
  front_world w;
  auto asked =
      asking("POST", "/t/acme/mcp", {{"authorization", "Bearer secret-token"}, {"content-type", "application/json"}});
  REQUIRE_FALSE(w.under_test->answer_head(asked));
  auto known = asked;
  known.headers.clear();
  CHECK(w.send(known).status == 200);
  w.buyers.assign({});
  CHECK(w.send(known).status == 401);
  CHECK(w.send(asked).status == 401);
  w.buyers.assign({{"another", "930bbdc51b6aed5c2a5678fd6e28dee7a05e8a4b643cfc0b4427c3efb86c0d94"}});
  CHECK(w.send(known).status == 401);
  CHECK(w.send(asked).status == 200);
}

TEST_CASE("a tenant's host name that goes while the body comes is refused") {
  front_world w;
  auto asked = asking(
      "POST", "/mcp",
      {{"host", "acme.example.com"}, {"authorization", "Bearer secret-token"}, {"content-type", "application/json"}});
  REQUIRE_FALSE(w.under_test->answer_head(asked));
  CHECK(w.send(asked).status == 200);
  w.files.write_tenant("acme", "plugin = \"echo\"\nsettings = { tag = \"a\" }\n");
  w.host->reload();
  CHECK(w.send(asked).status == 421);
}

TEST_CASE("the public key of signed webhooks is there for everybody, if they are signed") {
  front_world w;
  const auto ask = [](const front& whom, const std::string& method, http::header_list headers = {}) {
    auto asked = asking(method, "/.well-known/jwks.json", std::move(headers));
    return whom.answer_head(asked);
  };
  CHECK(ask(*w.under_test, "GET")->status == 404);
  const front signing(**w.host, w.buyers, *w.desk, {}, {}, R"({"keys":[]})");
  const auto answer = ask(signing, "GET");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == R"({"keys":[]})");
  CHECK(content_type(*answer) == "application/jwk-set+json");
  CHECK(ask(signing, "POST")->status == 405);
  CHECK(ask(signing, "GET", {{"host", "evil.example.com"}})->status == 421);
}

TEST_CASE("a refused host and a refused origin are told what to do") {
  front_world w;
  const auto host = w.post(ping, "/mcp", {{"host", "evil.example.com"}});
  CHECK(host.status == 421);
  CHECK(contains(host.body, "server.allowed_hosts"));
  const auto origin = w.post(ping, "/mcp", {{"host", "localhost"}, {"origin", "http://evil.example.com"}});
  CHECK(origin.status == 403);
  CHECK(contains(origin.body, "server.allowed_origins"));
  CHECK(w.post(ping, "/mcp", {{"host", "localhost:80"}, {"origin", "http://localhost"}}).status == 200);
  CHECK(w.post(ping, "/mcp", {{"host", "acme.example.com"}, {"origin", "https://acme.example.com"}}).status == 200);
}

TEST_CASE("a revision of MCP that is not spoken gets a 400 that names those that are") {
  front_world w;
  const auto wrong = w.post(ping, "/mcp", {{"mcp-protocol-version", "1999-01-01"}});
  CHECK(wrong.status == 400);
  CHECK(json::parse(wrong.body).at("error").at("code") == -32600);
  CHECK(contains(wrong.body, "2025-11-25, 2025-06-18"));
  for (const auto* version : {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"}) {
    CHECK(w.post(ping, "/mcp", {{"mcp-protocol-version", version}}).status == 200);
  }
  CHECK(w.post(ping, "/mcp", {{"mcp-protocol-version", ""}}).status == 400);
  CHECK(w.post(ping, "/mcp", {{"mcp-protocol-version", "2025-06-18"}, {"mcp-protocol-version", "x"}}).status == 400);
}

TEST_CASE("a body that is not said to be JSON gets a 415") {
  front_world w;
  const auto typed = [&](http::header_list headers) {
    headers.emplace_back("authorization", "Bearer secret-token");
    return w.send(asking("POST", "/mcp", std::move(headers))).status;
  };
  CHECK(typed({}) == 415);
  CHECK(typed({{"content-type", "text/plain"}}) == 415);
  CHECK(typed({{"content-type", "application/json; charset=utf-8"}}) == 200);
}

TEST_CASE("who takes event streams and no JSON gets one event, others get JSON whatever they take") {
  front_world w;
  const auto events = w.post(ping, "/mcp", {{"accept", "text/event-stream"}});
  CHECK(events.status == 200);
  CHECK(content_type(events) == "text/event-stream");
  REQUIRE(events.body.starts_with("event: message\ndata: "));
  REQUIRE(events.body.ends_with("\n\n"));
  CHECK(json::parse(events.body.substr(21)).at("id") == 1);
  for (const auto* accept : {"application/json, text/event-stream", "*/*", "image/png"}) {
    const auto plain = w.post(ping, "/mcp", {{"accept", accept}});
    CHECK(plain.status == 200);
    CHECK(content_type(plain) == "application/json");
    CHECK(json::parse(plain.body).at("id") == 1);
  }
  const auto notified =
      w.post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", "/mcp", {{"accept", "text/event-stream"}});
  CHECK(notified.status == 202);
  CHECK(notified.body.empty());
}

TEST_CASE("the text of an answer cannot break out of its event") {
  front_world w;
  const json::object message{{"jsonrpc", "2.0"}, {"id", "a\n\ndata: b\r\n"}, {"method", "ping"}};
  const auto answer = w.post(json::serialize(message), "/mcp", {{"accept", "text/event-stream"}});
  CHECK(answer.body.find('\r') == std::string::npos);
  CHECK(answer.body.find("\n\n") == answer.body.size() - 2);
}

TEST_CASE("a message is as deep as 64 at most") {
  front_world w;
  CHECK(w.post(nested(64)).status == 200);
  for (const std::size_t depth : {65, 1000, 1'000'000}) {
    const auto answer = w.post(nested(depth));
    CHECK(answer.status == 400);
    CHECK(json::parse(answer.body).at("error").at("code") == -32700);
    CHECK(contains(answer.body, "64 deep"));
  }
  json::value deep = 1;
  for (int i = 0; i < 55; ++i) deep = json::object{{"x", std::move(deep)}};
  const json::object call{{"name", "get_products"}, {"arguments", {{"context", {{"deep", deep}}}}}};
  const json::object message{{"jsonrpc", "2.0"}, {"id", 1}, {"method", "tools/call"}, {"params", call}};
  const auto answer = w.post(json::serialize(message));
  CHECK(answer.status == 200);
  CHECK(contains(answer.body, "\"context\":{\"deep\":" + json::serialize(deep) + "}"));
}

TEST_CASE("a body that is no UTF-8 or goes on after its message is no JSON") {
  front_world w;
  const auto id = [](const std::string& text) { return R"({"jsonrpc":"2.0","id":")" + text + R"(","method":"ping"})"; };
  CHECK(w.post(id("\xc3\xa9")).status == 200);
  for (const auto& body : {id("\xff"), id("\xc3"), id("\xc0\xaf"), id("\xed\xa0\x80"), id(R"(\ud800)"), ping + ping,
                           "\xef\xbb\xbf" + ping, std::string(), ping.substr(0, ping.size() - 1)}) {
    CAPTURE(body);
    const auto answer = w.post(body);
    CHECK(answer.status == 400);
    CHECK(json::parse(answer.body).at("error").at("code") == -32700);
  }
}

TEST_CASE("a batch is refused with the reason") {
  front_world w;
  const auto answer = w.post("[" + ping + "]");
  CHECK(answer.status == 400);
  const auto error = json::parse(answer.body).at("error");
  CHECK(error.at("code") == -32600);
  CHECK(contains(error.at("message").as_string(), "batch"));
}

TEST_CASE("of a key that is there twice the last one counts, for the server and for the plugin") {
  front_world w;
  const auto answer = w.post(
      R"({"jsonrpc":"2.0","id":1,"method":"nothing","method":"tools/call","params":{"name":"get_products","arguments":)"
      R"({"fail":"PRODUCT_NOT_FOUND","fail":"CREATIVE_REJECTED","context":{"a":1},"context":{"b":2}}}})");
  CHECK(answer.status == 200);
  const auto content = json::parse(answer.body).at("result").at("structuredContent");
  CHECK(content.at("adcp_error").at("code") == "CREATIVE_REJECTED");
  CHECK(content.at("context") == json::value{{"b", 2}});
}
