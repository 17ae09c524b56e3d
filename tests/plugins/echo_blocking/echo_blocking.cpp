// A task that waits on its thread beside one that does not: get_products gets the URL in "fetch" with http().wait(),
// and reads the file in "read" to its end, for which a pipe without a writer makes it wait where nobody can wake it.

#include <tenon/sdk/plugin.hpp>

#include <fstream>
#include <iterator>

namespace sdk = tenon::sdk;
namespace json = sdk::json;

class blocking_platform final : public sdk::platform {
 public:
  using platform::platform;

  json::value get_products(json::value request, sdk::call_context) {
    json::object answer{{"products", json::array()}};
    if (const json::value* url = request.as_object().if_contains("fetch")) {
      const sdk::http_response response = http().wait(sdk::http_request("GET", std::string(url->as_string())));
      if (!response.arrived()) throw sdk::errors::service_unavailable(response.message());
      answer["fetched"] = response.body();
    }
    if (const json::value* file = request.as_object().if_contains("read")) {
      std::ifstream from{std::string(file->as_string())};
      answer["read"] = std::string(std::istreambuf_iterator<char>(from), {});
    }
    return answer;
  }

  json::value list_creatives(json::value, sdk::call_context) { return json::object{{"creatives", json::array()}}; }
};

TENON_PLUGIN(blocking_platform, get_products, list_creatives);
