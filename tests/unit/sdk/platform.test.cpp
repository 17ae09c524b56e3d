// Goal: what a platform of the SDK does shows at the ABI as tenon/abi/*.h demands, and nothing else does: no exception,
// no lost token, no leak. Method: a platform with one task for each thing, run under the fake host.

#include <tenon/sdk/plugin.hpp>
#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

using namespace std::chrono_literals;
namespace sdk = tenon::sdk;
namespace json = sdk::json;
using namespace sdk::testing;

namespace {

/// Says in its settings how to be built; each task does one thing.
class probe_platform final : public sdk::platform {
 public:
  explicit probe_platform(sdk::platform_context context) : platform(std::move(context)) {
    if (settings().contains("throw_in_constructor")) throw std::runtime_error("constructor");
  }
  ~probe_platform() override { ++destroyed; }

  sdk::task<void> open() override {
    if (settings().contains("refuse")) throw sdk::errors::configuration_error("settings.refuse is set");
    if (settings().contains("slow")) co_await timers().sleep(1s);
  }

  sdk::task<json::value> describe(json::value request, sdk::call_context call) {
    json::object answer{
        {"tenant", tenant()}, {"network", settings().at("network")}, {"specialisms", specialisms().size()}};
    answer["request"] = std::move(request);
    answer["call"] = call.tenant() + "," + call.account_id() + "," + call.principal() + "," + call.trace_id() + "," +
                     call.idempotency_key() + "," + (call.recovering() ? "recovering" : "new");
    answer["remaining_s"] =
        call.deadline() ? std::chrono::round<std::chrono::seconds>(*call.deadline() - time().steady()).count() : 0;
    co_return answer;
  }

  sdk::task<json::value> fail(json::value request, sdk::call_context) {
    if (request.as_object().contains("number")) throw 7;
    if (request.as_object().contains("bug")) throw std::runtime_error("internals");
    throw sdk::error("PRODUCT_NOT_FOUND", "No such product.")
        .field("product_id")
        .suggestion("Ask for the products first.")
        .details(json::object{{"asked", "p-1"}})
        .operator_detail("looked in network 1")
        .retry_after(30s)
        .recovery(sdk::recovery::terminal);
    co_return json::value();
  }

  sdk::task<json::value> fetch(json::value request, sdk::call_context call) {
    sdk::http_request outgoing("POST", "https://ads.example/x");
    outgoing.header("X-Trace", call.trace_id())
        .secret_header("X-Key", "k=", "api_key")
        .body(json::serialize(request))
        .timeout(5s);
    const sdk::http_response response = co_await http().send(std::move(outgoing));
    co_return answer_of(response);
  }

  json::value fetch_blocking(json::value, sdk::call_context) {
    return answer_of(http().wait(sdk::http_request("GET", "https://ads.example/b")));
  }

  sdk::task<json::value> sleep(json::value, sdk::call_context call) {
    const auto begun = time().steady();
    try {
      co_await timers().sleep(10s);
    } catch (const sdk::cancelled&) {
      log().warn(call.cancelled() ? "the call was cancelled" : "the platform is going");
      throw;
    }
    co_return json::object{{"slept_s", std::chrono::round<std::chrono::seconds>(time().steady() - begun).count()}};
  }

  sdk::task<json::value> never(json::value, sdk::call_context) {
    const auto held = std::make_unique<std::string>(1000, 'x');
    co_await std::suspend_always();
    co_return json::value(held->size());
  }

  sdk::task<json::value> loop(json::value, sdk::call_context) {
    std::int64_t sum = 0;
    for (int step = 0; step < 300'000; ++step) sum += co_await one();
    co_return json::object{{"sum", sum}};
  }

  sdk::task<json::value> keys(json::value, sdk::call_context) {
    json::object answer;
    answer["email"] = secret("account").read("/client_email");
    std::string signature = co_await crypto().sign_rs256("account", "/private_key", "header.payload");
    answer["signature"] = std::move(signature);
    answer["sha256"] = sdk::hex(crypto().sha256("abc"));
    answer["random"] = crypto().random(8).size();
    answer["year"] = std::chrono::duration_cast<std::chrono::hours>(time().wall().time_since_epoch()).count() / 8766;
    co_return answer;
  }

  sdk::task<json::value> private_key(json::value, sdk::call_context) {
    co_return json::object{{"leak", secret("account").read("/private_key")}};
  }

  sdk::task<json::value> token(json::value, sdk::call_context) {
    const std::string text = co_await refresh_.join(fetch_token());
    co_return json::object{{"token", text}};
  }

  sdk::task<json::value> token_in_5s(json::value, sdk::call_context) {
    const std::string text = co_await refresh_.join_for(fetch_token(), timers(), 5s);
    co_return json::object{{"token", text}};
  }

  static inline int destroyed = 0;

 private:
  static sdk::task<int> one() { co_return 1; }

  static json::value answer_of(const sdk::http_response& response) {
    if (response.arrived()) {
      return json::object{
          {"status", response.status()}, {"type", response.header("content-type")}, {"body", response.body()}};
    }
    return json::object{{"failure", response.failure()},
                        {"phase", static_cast<unsigned>(response.phase())},
                        {"message", response.message()}};
  }

  sdk::task<std::string> fetch_token() {
    sdk::http_request request("POST", "https://ads.example/token");
    const sdk::http_response response = co_await http().send(std::move(request));
    co_return response.body();
  }

  sdk::single_flight<std::string> refresh_;
};

using sdk::detail::invoke;
constexpr sdk::detail::task_entry probe_tasks[] = {
    {"describe", &invoke<probe_platform, &probe_platform::describe>},
    {"fail", &invoke<probe_platform, &probe_platform::fail>},
    {"fetch", &invoke<probe_platform, &probe_platform::fetch>},
    {"fetch_blocking", &invoke<probe_platform, &probe_platform::fetch_blocking>},
    {"sleep", &invoke<probe_platform, &probe_platform::sleep>},
    {"never", &invoke<probe_platform, &probe_platform::never>},
    {"loop", &invoke<probe_platform, &probe_platform::loop>},
    {"keys", &invoke<probe_platform, &probe_platform::keys>},
    {"private_key", &invoke<probe_platform, &probe_platform::private_key>},
    {"token", &invoke<probe_platform, &probe_platform::token>},
    {"token_in_5s", &invoke<probe_platform, &probe_platform::token_in_5s>},
};
constexpr tenon_str probe_names[] = {{"describe", 8}};
constexpr tenon_plugin probe =
    sdk::detail::entry_points<probe_platform, probe_tasks>::make("probe", "1.0.0", probe_names);

std::string string_at(const fake_reply& reply, std::string_view member) {
  return std::string(reply.body().as_object().at(member).as_string());
}

std::int64_t number_at(const fake_reply& reply, std::string_view member) {
  return reply.body().as_object().at(member).to_number<std::int64_t>();
}

}  // namespace

TEST_CASE("a platform sees its tenant, its settings and what the call carries") {
  fake_host host(probe);
  host.tenant("globex").settings(json::object{{"network", "12"}}).specialisms(json::array{"sales-guaranteed"});
  REQUIRE(host.create().ok());
  call_options options;
  options.account_id("a").principal("p").trace_id("t").idempotency_key("i").recovering();
  options.deadline(std::chrono::steady_clock::time_point(1h + 5s));

  const fake_reply reply = host.ask("describe", json::object{{"brief", "x"}}, options);

  REQUIRE(reply.ok());
  CHECK(string_at(reply, "tenant") == "globex");
  CHECK(string_at(reply, "network") == "12");
  CHECK(number_at(reply, "specialisms") == 1);
  CHECK(reply.body().at("request").at("brief").as_string() == "x");
  CHECK(string_at(reply, "call") == "globex,a,p,t,i,recovering");
  CHECK(number_at(reply, "remaining_s") == 5);
}

TEST_CASE("an sdk::error is the answer, member by member") {
  fake_host host(probe);
  REQUIRE(host.create().ok());
  const fake_reply reply = host.ask("fail");
  CHECK(reply.status() == TENON_E_FAILED);
  CHECK(reply.code() == "PRODUCT_NOT_FOUND");
  CHECK(reply.message() == "No such product.");
  CHECK(reply.field() == "product_id");
  CHECK(reply.suggestion() == "Ask for the products first.");
  CHECK(reply.details() == R"({"asked":"p-1"})");
  CHECK(reply.operator_detail() == "looked in network 1");
  CHECK(reply.recovery() == sdk::recovery::terminal);
  CHECK(reply.retry_after_s() == 30);
}

TEST_CASE("any other exception is INTERNAL_ERROR, and its text is for the operator alone") {
  fake_host host(probe);
  REQUIRE(host.create().ok());
  const fake_reply bug = host.ask("fail", json::object{{"bug", true}});
  CHECK(bug.code() == "INTERNAL_ERROR");
  CHECK(bug.message().find("internals") == std::string::npos);
  CHECK(bug.operator_detail() == "internals");
  CHECK(host.ask("fail", json::object{{"number", true}}).code() == "INTERNAL_ERROR");
}

TEST_CASE("a task that the plugin does not have is refused") {
  fake_host host(probe);
  REQUIRE(host.create().ok());
  CHECK(host.ask("unheard_of").status() == TENON_E_UNSUPPORTED);
}

TEST_CASE("a constructor or a handshake that throws fails the creation, and the instance can still be destroyed") {
  fake_host broken(probe);
  broken.settings(json::object{{"throw_in_constructor", true}});
  CHECK(broken.create().code() == "INTERNAL_ERROR");
  broken.destroy();

  fake_host refused(probe);
  refused.settings(json::object{{"refuse", true}});
  const fake_reply reply = refused.create();
  CHECK(reply.code() == "CONFIGURATION_ERROR");
  CHECK(reply.operator_detail() == "settings.refuse is set");
}

TEST_CASE("a platform may be destroyed in the middle of its handshake") {
  const int before = probe_platform::destroyed;
  fake_host host(probe);
  host.settings(json::object{{"slow", true}});
  const fake_host::pending opening = host.start_create();
  CHECK_FALSE(opening.done());
  host.destroy();
  CHECK(probe_platform::destroyed == before + 1);
  CHECK(host.open_operations() == 0);
}

TEST_CASE("a slow handshake is ready when it is done") {
  fake_host host(probe);
  host.settings(json::object{{"slow", true}});
  const fake_host::pending opening = host.start_create();
  host.advance(999ms);
  CHECK_FALSE(opening.done());
  host.advance(1ms);
  CHECK(opening.reply().ok());
}

TEST_CASE("an HTTP exchange goes out as it was written and comes back as it was answered") {
  fake_host host(probe);
  host.secret("api_key", "s3cret").on_http([](const seen_request&) {
    return scripted_answer(404, "nothing").header("content-type", "text/plain");
  });
  REQUIRE(host.create().ok());

  const fake_reply reply = host.ask("fetch", json::object{{"a", 1}});

  CHECK(number_at(reply, "status") == 404);
  CHECK(string_at(reply, "type") == "text/plain");
  CHECK(string_at(reply, "body") == "nothing");
  REQUIRE(host.http_requests().size() == 1);
  const seen_request& seen = host.http_requests().front();
  CHECK(seen.method() == "POST");
  CHECK(seen.url() == "https://ads.example/x");
  CHECK(seen.header("X-Trace") == "trace-1");
  CHECK(seen.header("X-Key") == "k=s3cret");
  CHECK(seen.body() == R"({"a":1})");
  CHECK(seen.timeout() == 5s);
}

TEST_CASE("a network failure is a response that did not arrive, with its phase") {
  fake_host host(probe);
  host.secret("api_key", "k").on_http([](const seen_request&) {
    return scripted_answer(sdk::http_phase::sent, "reset by peer");
  });
  REQUIRE(host.create().ok());
  const fake_reply reply = host.ask("fetch");
  CHECK(number_at(reply, "failure") == TENON_E_IO);
  CHECK(number_at(reply, "phase") == TENON_HTTP_SENT);
  CHECK(string_at(reply, "message") == "reset by peer");
}

TEST_CASE("an exchange that the host refuses to start was not sent") {
  fake_host host(probe);
  REQUIRE(host.create().ok());
  const fake_reply reply = host.ask("fetch");  // there is no secret api_key
  CHECK(number_at(reply, "failure") == TENON_E_INVALID);
  CHECK(number_at(reply, "phase") == TENON_HTTP_NOT_SENT);
}

TEST_CASE("a blocking task waits on its thread, and only a blocking task may") {
  fake_host host(probe);
  host.on_http([](const seen_request&) { return scripted_answer(200, "b"); });
  REQUIRE(host.create().ok());
  CHECK(string_at(host.ask("fetch_blocking", {}, call_options().blocking()), "body") == "b");
  CHECK(number_at(host.ask("fetch_blocking"), "failure") == TENON_E_INVALID);
}

TEST_CASE("a sleep ends on time, not before") {
  fake_host host(probe);
  REQUIRE(host.create().ok());
  const fake_host::pending call = host.call("sleep");
  host.advance(9s);
  CHECK_FALSE(call.done());
  host.advance(1s);
  CHECK(number_at(call.reply(), "slept_s") == 10);
}

TEST_CASE("a cancelled call unwinds and is answered CANCELLED; cancelling it again does nothing") {
  fake_host host(probe);
  REQUIRE(host.create().ok());
  fake_host::pending call = host.call("sleep");
  call.cancel();
  CHECK_FALSE(call.done());
  host.run();
  CHECK(call.reply().status() == TENON_E_CANCELLED);
  CHECK(host.log_lines() == std::vector<std::string>{"warn: the call was cancelled"});
  call.cancel();
  CHECK(host.stray_completions() == 0);
}

TEST_CASE("destroying a platform unwinds what waits for the host and frees what waits for nothing") {
  const int before = probe_platform::destroyed;
  fake_host host(probe);
  REQUIRE(host.create().ok());
  host.call("sleep");
  host.call("never");
  host.call("token");
  host.call("token_in_5s");
  host.destroy();
  CHECK(host.open_operations() == 0);
  CHECK(host.log_lines() == std::vector<std::string>{"warn: the platform is going"});
  CHECK(probe_platform::destroyed == before + 1);
}

TEST_CASE("300 000 awaits that complete at once end a call on a flat stack") {
  fake_host host(probe);
  REQUIRE(host.create().ok());
  CHECK(number_at(host.ask("loop"), "sum") == 300'000);
}

TEST_CASE("keys stay in the host: a plugin signs with them and reads only what the manifest allows") {
  fake_host host(probe);
  host.secret("account", R"({"client_email": "a@b", "private_key": "PEM"})", {"/client_email"});
  host.on_sign([](std::string_view algorithm, std::string_view key, std::string_view data) {
    return std::string(algorithm) + "/" + std::string(key) + "/" + std::string(data);
  });
  host.on_hash([](std::string_view, std::string_view data) { return std::string(32, data.front()); });
  host.wall_clock(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1));
  REQUIRE(host.create().ok());

  const fake_reply reply = host.ask("keys");

  REQUIRE(reply.ok());
  CHECK(string_at(reply, "email") == "a@b");
  CHECK(string_at(reply, "signature") == "RS256/PEM/header.payload");
  CHECK(string_at(reply, "sha256").starts_with("6161"));
  CHECK(number_at(reply, "random") == 8);
  CHECK(number_at(reply, "year") == 56);
  CHECK(host.ask("private_key").code() == "CONFIGURATION_ERROR");
}

TEST_CASE("a missing key is a CONFIGURATION_ERROR that names the secret to the operator") {
  fake_host host(probe);
  host.secret("account", R"({"client_email": "a@b"})", {"/client_email"});
  REQUIRE(host.create().ok());
  const fake_reply reply = host.ask("keys");
  CHECK(reply.code() == "CONFIGURATION_ERROR");
  CHECK(reply.operator_detail().find("\"account\" at \"/private_key\"") != std::string::npos);
}

TEST_CASE("who has less time than an operation that is shared leaves it, and it goes on for the others") {
  fake_host host(probe);
  host.on_http([](const seen_request&) { return scripted_answer(200, "t-1").after(8s); });
  REQUIRE(host.create().ok());
  const fake_host::pending patient = host.call("token");
  const fake_host::pending hasty = host.call("token_in_5s");
  fake_host::pending cancelled = host.call("token_in_5s");
  host.advance(4s);
  const fake_host::pending late = host.call("token_in_5s");
  cancelled.cancel();
  CHECK(cancelled.reply().status() == TENON_E_CANCELLED);
  CHECK_FALSE(hasty.done());
  host.advance(1s);
  REQUIRE(hasty.done());
  CHECK(hasty.reply().code() == "SERVICE_UNAVAILABLE");
  CHECK_FALSE(patient.done());
  host.advance(3s);
  CHECK(string_at(patient.reply(), "token") == "t-1");
  CHECK(string_at(late.reply(), "token") == "t-1");
  CHECK(host.http_requests().size() == 1);
  CHECK(host.open_operations() == 0);  // the alarms are stopped
}

TEST_CASE("calls that need a token at the same time fetch it once") {
  fake_host host(probe);
  host.on_http([](const seen_request&) { return scripted_answer(200, "t-1").after(1s); });
  REQUIRE(host.create().ok());
  const fake_host::pending first = host.call("token");
  fake_host::pending second = host.call("token");
  const fake_host::pending third = host.call("token");
  second.cancel();
  host.advance(1s);
  CHECK(host.http_requests().size() == 1);
  CHECK(string_at(first.reply(), "token") == "t-1");
  CHECK(second.reply().status() == TENON_E_CANCELLED);
  CHECK(string_at(third.reply(), "token") == "t-1");
}
