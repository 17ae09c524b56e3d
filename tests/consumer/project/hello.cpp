#include <tenon/sdk/plugin.hpp>

namespace sdk = tenon::sdk;
namespace json = tenon::sdk::json;

class hello_platform final : public sdk::platform {
 public:
  using platform::platform;

  sdk::task<void> open() override {  // the handshake: once per tenant, before the first request
    log().info("hello, " + tenant());
    co_return;
  }

  sdk::task<json::value> get_products(json::value request, sdk::call_context) {
    if (!request.is_object()) throw sdk::errors::invalid_request("$", "Expected an object.");
    const json::object product{{"product_id", "hello-" + tenant()}, {"name", settings().at("greeting")}};
    co_return json::object{{"products", json::array{product}}};
  }
};

TENON_PLUGIN(hello_platform, get_products);
