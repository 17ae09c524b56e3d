#include "marker.hpp"

#include <tenon/sdk/text.hpp>

namespace tenon::sales {

std::string marker_key(sdk::platform_context const& context, sdk::call_context const& call) {
  if (call.idempotency_key().empty()) {
    return sdk::hex(context.crypto().random(8));
  }
  auto const text = call.tenant() + "\n" + call.principal() + "\n" + call.idempotency_key();
  return sdk::hex(context.crypto().sha256(text)).substr(0, 16);
}

std::string buyer_key(sdk::platform_context const& context, sdk::call_context const& call) {
  if (call.principal().empty()) {
    return {};
  }
  return sdk::hex(context.crypto().sha256(call.tenant() + "\n" + call.principal())).substr(0, 16);
}

std::string marker_of(std::string const& key, std::size_t index) { return key + ":" + std::to_string(index); }

}  // namespace tenon::sales
