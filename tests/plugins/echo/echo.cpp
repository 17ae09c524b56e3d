// A plugin without an upstream: it answers with what it was asked, so a test sees which tenant, version and platform
// served a request.
//
// Settings    delay_ms   wait that long before each answer
//             fail_open  the AdCP code with which the handshake fails
//             fails_as   the version whose handshake fails
//             handshake  a URL that the handshake gets; unless it answers 200: SERVICE_UNAVAILABLE, to be tried after
//                        7 s
//             tag        comes back in every answer
//             upstream   an origin that "fetch" may reach
//             unwell     what its check of health fails with
//             hands_over false: it leaves nothing to its successor; else its version, which comes back as "heir_of"
// A request   {"sleep_ms": n}   waits
//             {"fail": "CODE"}  fails
//             {"throw": true}   throws what is no sdk::error
//             {"never": true}   never ends
//             {"fetch": "url"}  gets the URL; its status and body come back under "fetched"
//             {"submit": ms}    to create_media_buy: submits the task, and ends it as "resumed" when it is gone on with

#include <tenon/sdk/plugin.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

namespace sdk = tenon::sdk;
namespace json = sdk::json;

namespace {

std::chrono::milliseconds milliseconds_of(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return std::chrono::milliseconds(found == nullptr ? 0 : found->to_number<std::int64_t>());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found == nullptr ? std::string() : std::string(found->as_string());
}

/// Where a task runs is the host's promise: a test compares.
std::string this_thread() { return std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id())); }

}  // namespace

class echo_platform final : public sdk::platform {
 public:
  explicit echo_platform(sdk::platform_context context)
      : platform(std::move(context)),
        delay_(milliseconds_of(settings(), "delay_ms")),
        tag_(text_of(settings(), "tag")) {}

  sdk::task<void> open() override {
    const std::string code = text_of(settings(), "fail_open");
    if (!code.empty())
      throw sdk::error(code, "The handshake failed, as asked.").operator_detail("settings.fail_open is " + code);
    if (text_of(settings(), "fails_as") == tenon::plugin_manifest::version)
      throw sdk::errors::service_unavailable("settings.fails_as is this version");
    if (delay_.count() > 0) co_await timers().sleep(delay_);
    if (settings().contains("handshake")) co_await shake_hands(text_of(settings(), "handshake"));
    log().info("echo is ready for " + tenant());
  }

  sdk::task<void> check_health() override {
    const std::string why = text_of(settings(), "unwell");
    if (!why.empty()) throw sdk::errors::service_unavailable(why);
    co_return;
  }

  sdk::task<json::value> hand_over() override {
    json::object left;
    if (!settings().contains("hands_over") || settings().at("hands_over").as_bool())
      left["version"] = tenon::plugin_manifest::version;
    co_return json::value(std::move(left));
  }

  sdk::task<json::value> get_products(json::value request, sdk::call_context) {
    json::object answer{{"products", json::array{json::object{{"product_id", "prod-" + tenant()}}}}};
    return respond(std::move(request), std::move(answer));
  }
  sdk::task<json::value> create_media_buy(json::value request, sdk::call_context call) {
    json::object answer{{"media_buy_id", "mb-" + tenant()}, {"status", "active"}, {"packages", json::array()}};
    if (request.is_object() && request.get_object().contains("submit")) {
      if (call.resume().empty()) {
        throw sdk::submitted(tenon::plugin_manifest::version.data(), milliseconds_of(request.get_object(), "submit"),
                             "Later, as asked.");
      }
      answer["resumed"] = call.resume();
    } else if (call.recovering()) {
      answer["recovering"] = true;
    }
    return respond(std::move(request), std::move(answer));
  }
  sdk::task<json::value> update_media_buy(json::value request, sdk::call_context) {
    json::object answer{{"media_buy_id", "mb-" + tenant()}, {"status", "active"}};
    return respond(std::move(request), std::move(answer));
  }
  sdk::task<json::value> get_media_buy_delivery(json::value request, sdk::call_context) {
    return respond(std::move(request), json::object{{"media_buy_deliveries", json::array()}});
  }
  sdk::task<json::value> sync_creatives(json::value request, sdk::call_context) {
    return respond(std::move(request), json::object{{"creatives", json::array()}});
  }
  sdk::task<json::value> list_creatives(json::value request, sdk::call_context) {
    return respond(std::move(request), json::object{{"creatives", json::array()}});
  }

 private:
  sdk::task<void> shake_hands(std::string url) {
    sdk::http_request request("GET", std::move(url));
    const sdk::http_response response = co_await http().send(std::move(request));
    if (response.arrived() && response.status() == 200) co_return;
    throw sdk::errors::service_unavailable("expected the handshake to be answered with 200, it was not")
        .retry_after(std::chrono::seconds(7));
  }

  sdk::task<json::value> respond(json::value request, json::object answer) {
    const json::object nothing;
    const json::object& asked = request.is_object() ? request.get_object() : nothing;
    if (asked.contains("fail")) throw sdk::error(text_of(asked, "fail"), "It failed, as asked.").field("fail");
    if (asked.contains("throw")) throw std::runtime_error("thrown, as asked");
    if (asked.contains("never")) co_await std::suspend_always();
    const auto pause = delay_ + milliseconds_of(asked, "sleep_ms");
    if (pause.count() > 0) co_await timers().sleep(pause);
    if (asked.contains("fetch")) {
      json::value fetched = co_await fetch(text_of(asked, "fetch"));
      answer["fetched"] = std::move(fetched);
    }
    answer.reserve(answer.size() + 5);
    answer["version"] = tenon::plugin_manifest::version;
    answer["tag"] = tag_;
    answer["heir_of"] = text_of(inherited(), "version");
    answer["thread"] = this_thread();
    answer["echo"] = std::move(request);
    co_return json::value(std::move(answer));
  }

  sdk::task<json::value> fetch(std::string url) {
    sdk::http_request request("GET", std::move(url));
    const sdk::http_response response = co_await http().send(std::move(request));
    if (!response.arrived()) {
      throw sdk::errors::service_unavailable(response.message())
          .details(json::object{{"phase", static_cast<unsigned>(response.phase())}});
    }
    co_return json::value(json::object{{"status", response.status()}, {"body", response.body()}});
  }

  std::chrono::milliseconds delay_;
  std::string tag_;
};

TENON_PLUGIN(echo_platform, get_products, create_media_buy, update_media_buy, get_media_buy_delivery, sync_creatives,
             list_creatives);
