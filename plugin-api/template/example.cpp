// The smallest complete plugin: it asks an ad server for its products and passes them on.

#include <tenon/sdk/plugin.hpp>

namespace sdk = tenon::sdk;
namespace json = sdk::json;

class example_platform final : public sdk::platform {
 public:
  explicit example_platform(sdk::platform_context context)
      : platform(std::move(context)), origin_(settings().at("origin").as_string()) {}

  sdk::task<json::value> get_products(json::value /*request*/, sdk::call_context /*call*/) {
    sdk::http_request request("GET", origin_ + "/products");
    request.secret_header("Authorization", "Bearer ", "api_key").timeout(std::chrono::seconds(10));
    const sdk::http_response response = co_await http().send(std::move(request));
    if (!response.arrived()) throw sdk::errors::service_unavailable("GET /products: " + response.message());
    if (response.status() != 200) {
      throw sdk::errors::service_unavailable("GET /products: expected 200, found " + std::to_string(response.status()));
    }
    json::object answer;
    answer["products"] = json::parse(response.body());
    co_return json::value(std::move(answer));
  }

 private:
  std::string origin_;
};

TENON_PLUGIN(example_platform, get_products);
