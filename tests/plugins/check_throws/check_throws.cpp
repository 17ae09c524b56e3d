// Lets an exception out when it does not understand a request.
#include <tenon/abi/plugin.h>

#include <stdexcept>
#include <string_view>

static void read_request(const tenon_call& call) {
  if (std::string_view(call.request.ptr, call.request.len) != "{}") throw std::runtime_error("expected nothing");
}

#define PLATFORM_ON_CALL(self, token, call) \
  (read_request(*(call)), (void)platform_answer((self)->ctx, token, "{}", 2), TENON_OK)
#include "../fixture/platform.h"
