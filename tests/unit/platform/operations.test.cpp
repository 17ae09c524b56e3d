// Goal: the five promises of host.h about asynchronous operations, and what services refuse. Method: the scripted
// plugin starts timers, exchanges with a fake client, and signatures with a fresh key.
#include "platform_world.hpp"
#include "rsa_key.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

using namespace tenon;
using namespace tenon::testing;

namespace {

/// What a task needs to answer from a completion. Freed there and only there, as a plugin in C would.
struct pending {
  tenon_instance* at;
  tenon_token token;
  std::atomic<bool>* returned = nullptr;
};

void answer_status(void* user, tenon_op, tenon_status status) noexcept {
  const std::unique_ptr<pending> held(static_cast<pending*>(user));
  complete(*held->at, held->token, "{\"status\":" + std::to_string(status) + "}");
}

void answer_response(void* user, tenon_op, const tenon_http_response* response) noexcept {
  const std::unique_ptr<pending> held(static_cast<pending*>(user));
  complete(
      *held->at, held->token,
      "{\"status\":" + std::to_string(response->status) + ",\"http\":" + std::to_string(response->http_status) + "}");
}

tenon_http_request request_to(std::string_view url) {
  tenon_http_request made{};
  made.struct_size = sizeof made;
  made.method = text("GET");
  made.url = text(url);
  return made;
}

constexpr std::string_view upstream = "https://api.example.com/things";

}  // namespace

TEST_CASE("a start gives an id and one completion, after the entry that started it has returned") {
  platform_world world;
  std::atomic<bool> returned = false;
  std::atomic<int> completions = 0;
  std::atomic<bool> too_early = false;
  struct watched {
    std::atomic<bool>& returned;
    std::atomic<int>& completions;
    std::atomic<bool>& too_early;
    pending answer;
  };
  std::optional<watched> watch;
  world.task("timer", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    watch.emplace(watched{returned, completions, too_early, {&at, token}});
    tenon_op op = 0;
    const auto status = timers().start(
        at.ctx, 0,
        [](void* user, tenon_op, tenon_status ended) noexcept {
          auto& held = *static_cast<watched*>(user);
          if (!held.returned) held.too_early = true;
          ++held.completions;
          answer_status(new pending(held.answer), 0, ended);
        },
        &*watch, &op);
    CHECK(op != 0);
    std::this_thread::yield();
    returned = true;
    return status;
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "timer")->body == "{\"status\":0}");
  CHECK(completions == 1);
  CHECK_FALSE(too_early);
  CHECK(platform->counters().open_operations == 0);
}

TEST_CASE("a timer does not complete before its time") {
  platform_world world;
  std::atomic<std::uint64_t> begun = 0;
  static std::atomic<std::uint64_t> ended = 0;
  world.task("timer", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    begun = clocks().steady_ns(at.ctx);
    tenon_op op = 0;
    return timers().start(
        at.ctx, 5'000'000,
        [](void* user, tenon_op id, tenon_status status) noexcept {
          ended = clocks().steady_ns(static_cast<pending*>(user)->at->ctx);
          answer_status(user, id, status);
        },
        new pending{&at, token}, &op);
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "timer").has_value());
  CHECK(ended - begun >= 5'000'000);
}

TEST_CASE("a cancelled operation completes, once, with TENON_E_CANCELLED, however often it is cancelled") {
  platform_world world;
  world.task("timer", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_op op = 0;
    const auto status = timers().start(at.ctx, 60'000'000'000, &answer_status, new pending{&at, token}, &op);
    host_given->cancel(at.ctx, op);
    host_given->cancel(at.ctx, op);
    host_given->cancel(at.ctx, op + 1000);
    return status;
  });
  static tenon_op running = 0;
  world.task("start", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    return timers().start(at.ctx, 60'000'000'000, &answer_status, new pending{&at, token}, &running);
  });
  world.task("cancel", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    host_given->cancel(at.ctx, running);
    host_given->cancel(at.ctx, running);
    complete(at, token, "{}");
    return TENON_OK;
  });
  const auto platform = world.build();
  const auto cancelled = "{\"status\":" + std::to_string(TENON_E_CANCELLED) + "}";
  CHECK(world.call(*platform, "timer")->body == cancelled);
  auto open = world.start(*platform, "start");
  CHECK(world.call(*platform, "cancel").has_value());
  const auto ended = await(std::move(open));
  if (!ended) FAIL(ended.error());
  CHECK(ended->body == cancelled);
}

TEST_CASE("beyond the limit of open operations a start gives TENON_E_LIMIT and no id") {
  platform_world world;
  world.environment->max_open_operations = 2;
  std::vector<tenon_status> statuses;
  std::vector<tenon_op> ids;
  world.task("many", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    for (int i = 0; i < 3; ++i) {
      tenon_op op = 0;
      statuses.push_back(timers().start(
          at.ctx, 0, [](void*, tenon_op, tenon_status) noexcept {}, nullptr, &op));
      ids.push_back(op);
    }
    complete(at, token, "{}");
    return TENON_OK;
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "many").has_value());
  CHECK(statuses == std::vector<tenon_status>{TENON_OK, TENON_OK, TENON_E_LIMIT});
  CHECK(ids[2] == 0);
}

TEST_CASE("an exchange goes to an allowed origin and brings its answer back") {
  platform_world world;
  world.image->manifest.upstreams = {"https://api.example.com"};
  world.http->answer_with([](const http_exchange_request&) -> std::optional<http_result> {
    return http_exchange_response{.status = 201, .headers = {}, .body = "made"};
  });
  world.task("get", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_op op = 0;
    const auto request = request_to(upstream);
    return http().start(at.ctx, &request, &answer_response, new pending{&at, token}, &op);
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "get")->body == "{\"status\":0,\"http\":201}");
  CHECK(world.http->request(0).url == upstream);
}

TEST_CASE("an exchange with another origin is denied, and with nothing in the request it is invalid") {
  platform_world world;
  std::vector<tenon_status> statuses;
  world.task("get", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_op op = 0;
    const auto request = request_to("https://evil.example/");
    pending unused{&at, token};
    statuses.push_back(http().start(at.ctx, &request, &answer_response, &unused, &op));
    statuses.push_back(http().start(at.ctx, nullptr, &answer_response, &unused, &op));
    statuses.push_back(http().start(at.ctx, &request, nullptr, &unused, &op));
    statuses.push_back(http().wait(at.ctx, &request, &answer_response, &unused));
    CHECK(op == 0);
    complete(at, token, "{}");
    return TENON_OK;
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "get").has_value());
  CHECK(statuses == std::vector<tenon_status>{TENON_E_DENIED, TENON_E_INVALID, TENON_E_INVALID, TENON_E_INVALID});
}

TEST_CASE("a blocking task waits for an exchange on its own thread, and may not start one") {
  platform_world world;
  world.image->manifest.upstreams = {"https://api.example.com"};
  tenon_status started = TENON_OK;
  static std::thread::id waited_on;
  world.task(
      "get",
      [&](tenon_instance& at, tenon_token token, const tenon_call&) {
        tenon_op op = 0;
        const auto request = request_to(upstream);
        pending unused{&at, token};
        started = http().start(at.ctx, &request, &answer_response, &unused, &op);
        auto* const held = new pending{&at, token};
        const auto status = http().wait(
            at.ctx, &request,
            [](void* user, tenon_op id, const tenon_http_response* response) noexcept {
              waited_on = std::this_thread::get_id();
              CHECK(id == 0);
              answer_response(user, id, response);
            },
            held);
        CHECK(waited_on == std::this_thread::get_id());
        return status;
      },
      true);
  const auto platform = world.build();
  auto coming = world.start(*platform, "get");
  REQUIRE(world.http->received(1));
  world.http->finish(0, http_exchange_response{.status = 200, .headers = {}, .body = {}});
  CHECK(await(std::move(coming))->body == "{\"status\":0,\"http\":200}");
  CHECK(started == TENON_E_INVALID);
}

TEST_CASE("the end of a call ends what its blocking task waits for") {
  platform_world world;
  world.image->manifest.upstreams = {"https://api.example.com"};
  tally waited;
  std::atomic<tenon_status> ended = TENON_OK;
  static std::atomic<tenon_status>* const seen = &ended;
  world.task(
      "get",
      [&](tenon_instance& at, tenon_token, const tenon_call&) {
        const auto request = request_to(upstream);
        const auto status = http().wait(
            at.ctx, &request,
            [](void*, tenon_op, const tenon_http_response* response) noexcept { *seen = response->status; }, nullptr);
        waited.raise();
        return status;
      },
      true);
  const auto platform = world.build();
  std::stop_source stop;
  auto coming = world.start(*platform, "get", {.account = {}, .stop = stop.get_token()});
  REQUIRE(world.http->received(1));
  stop.request_stop();
  REQUIRE(waited.reaches(1));
  CHECK(ended == TENON_E_CANCELLED);
  CHECK_FALSE(await(std::move(coming)));
}

TEST_CASE("the end of a call ends its wait even if the client has nobody left to run on") {
  struct silent_client final : http_client {
    void start(http_exchange_request, std::stop_token, http_handler done) override {
      held.push_back(std::move(done));
      asked.raise();
    }
    std::vector<http_handler> held;
    tally asked;
  };
  platform_world world;
  const auto silent = std::make_shared<silent_client>();
  world.environment->http = silent;
  world.image->manifest.upstreams = {"https://api.example.com"};
  tally waited;
  std::atomic<tenon_status> ended = TENON_OK;
  static std::atomic<tenon_status>* const seen = &ended;
  world.task(
      "get",
      [&](tenon_instance& at, tenon_token, const tenon_call&) {
        const auto request = request_to(upstream);
        const auto status = http().wait(
            at.ctx, &request,
            [](void*, tenon_op, const tenon_http_response* response) noexcept { *seen = response->status; }, nullptr);
        waited.raise();
        return status;
      },
      true);
  const auto platform = world.build();
  std::stop_source stop;
  auto coming = world.start(*platform, "get", {.account = {}, .stop = stop.get_token()});
  REQUIRE(silent->asked.reaches(1));
  stop.request_stop();
  REQUIRE(waited.reaches(1));
  CHECK(ended == TENON_E_TIMEOUT);
  CHECK_FALSE(await(std::move(coming)));
}

TEST_CASE("a key signs in the host, and the signature verifies") {
  platform_world world;
  const rsa_key key;
  boost::json::object account{{"private_key", key.private_pem()}};
  world.secrets = {{"account", boost::json::serialize(account)}};
  static std::string signature;
  static tenon_status status = TENON_OK;
  const auto sign_with = [&](std::string pointer) {
    return [pointer](tenon_instance& at, tenon_token token, const tenon_call&) {
      tenon_op op = 0;
      return crypto().sign(
          at.ctx, text("RS256"), text("account"), text(pointer), text("header.claims"),
          [](void* user, tenon_op, tenon_status ended, tenon_str bytes) noexcept {
            const std::unique_ptr<pending> held(static_cast<pending*>(user));
            status = ended;
            signature = view(bytes);
            complete(*held->at, held->token, "{}");
          },
          new pending{&at, token}, &op);
    };
  };
  world.task("sign", sign_with("/private_key"));
  world.task("sign_nothing", sign_with("/absent"));
  const auto platform = world.build();
  CHECK(world.call(*platform, "sign").has_value());
  CHECK(status == TENON_OK);
  CHECK(key.verifies("header.claims", signature));
  CHECK(world.call(*platform, "sign_nothing").has_value());
  CHECK(status == TENON_E_INVALID);
  CHECK(signature.empty());
}

TEST_CASE("secrets are copied only where they are readable, and appear in no log") {
  platform_world world;
  world.secrets = {{"account", R"({"client_email":"a@b","private_key":"hidden"})"}};
  world.settings = {{"account", {{"secret", "account"}}}};
  world.image->manifest.settings_schema = {
      {"type", "object"},
      {"properties",
       {{"account", {{"type", "string"}, {"x-tenon-secret", {{"readable", boost::json::array{"/client_email"}}}}}}}}};
  std::vector<tenon_status> statuses;
  std::string copied(16, '\0');
  std::uint64_t size = 0;
  world.task("read", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    const auto read = [&](const char* name, const char* pointer, char* out, std::uint64_t capacity) {
      size = capacity;
      statuses.push_back(secrets().read(at.ctx, text(name), text(pointer), out, &size));
    };
    read("account", "/private_key", copied.data(), copied.size());
    read("account", "", copied.data(), copied.size());
    read("other", "/client_email", copied.data(), copied.size());
    read("account", "/client_email", copied.data(), 2);
    read("account", "/client_email", nullptr, 0);
    read("account", "/client_email", copied.data(), copied.size());
    complete(at, token, "{}");
    return TENON_OK;
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "read").has_value());
  CHECK(statuses ==
        std::vector<tenon_status>{TENON_E_DENIED, TENON_E_DENIED, TENON_E_INVALID, TENON_E_LIMIT, TENON_OK, TENON_OK});
  CHECK(copied.substr(0, size) == "a@b");
  CHECK(world.log().find("hidden") == std::string::npos);
}

TEST_CASE("hashes, random bytes, clocks and log lines come at once") {
  platform_world world;
  world.task("services", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    unsigned char out[32] = {};
    std::uint64_t size = 8;
    CHECK(crypto().hash(at.ctx, text("SHA-256"), text("abc"), out, &size) == TENON_E_LIMIT);
    CHECK(size == 32);
    CHECK(crypto().hash(at.ctx, text("SHA-256"), text("abc"), out, &size) == TENON_OK);
    CHECK(out[0] == 0xba);
    CHECK(crypto().hash(at.ctx, text("CRC"), text("abc"), out, &size) == TENON_E_INVALID);
    unsigned char first[16] = {};
    unsigned char second[16] = {};
    CHECK(crypto().random(at.ctx, first, sizeof first) == TENON_OK);
    CHECK(crypto().random(at.ctx, second, sizeof second) == TENON_OK);
    CHECK_FALSE(std::equal(std::begin(first), std::end(first), std::begin(second)));
    CHECK(clocks().wall_ns(at.ctx) > 1'600'000'000'000'000'000);
    logs().write(at.ctx, TENON_LOG_WARN, text("two\nlines"));
    complete(at, token, "{}");
    return TENON_OK;
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "services").has_value());
  CHECK(world.log().find("warning [acme scripted] two\\nlines\n") != std::string::npos);
}

TEST_CASE(
    "services are refused below no frame of their platform: from a foreign thread, and with another platform's "
    "context") {
  platform_world world;
  std::vector<tenon_ctx*> contexts;
  std::vector<tenon_status> crossed;
  world.plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create&) {
    contexts.push_back(at.ctx);
    return complete(at, ready, {});
  };
  static std::atomic<tenon_token> open_token = 0;
  world.task("hold", [&](tenon_instance&, tenon_token token, const tenon_call&) {
    open_token = token;
    return TENON_OK;
  });
  world.task("cross", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    auto* const other = contexts[0] == at.ctx ? contexts[1] : contexts[0];
    tenon_op op = 0;
    crossed.push_back(timers().start(other, 0, &answer_status, nullptr, &op));
    CHECK(op == 0);
    complete(at, token, "{}");
    return TENON_OK;
  });
  const auto first = world.build();
  const auto second = world.build();
  const auto before = foreign_service_calls();
  CHECK(world.call(*first, "cross").has_value());
  CHECK(crossed == std::vector<tenon_status>{TENON_E_INVALID});

  std::stop_source stop;
  auto held = world.start(*first, "hold", {.account = {}, .stop = stop.get_token()});
  while (open_token == 0) std::this_thread::yield();
  const tenon_instance elsewhere{contexts[0], nullptr};
  CHECK(complete(elsewhere, open_token, "{}") == TENON_E_INVALID);
  CHECK(clocks().steady_ns(contexts[0]) == 0);
  CHECK(foreign_service_calls() == before + 3);
  stop.request_stop();
  CHECK_FALSE(await(std::move(held)));
}

TEST_CASE("an unknown service is null, and so is a name that is none") {
  CHECK(plugin_host_table().get_service(text("http/2")) == nullptr);
  CHECK(plugin_host_table().get_service({nullptr, 7}) == nullptr);
  CHECK(plugin_host_table().get_service(text("log/1")) != nullptr);
}
