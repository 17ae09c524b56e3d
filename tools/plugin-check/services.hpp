#pragma once

#include <tenon/abi/host.h>

#include <string_view>

namespace tenon::plugin_check {

class checking_host;

/// The C functions of the host's table and its services. They answer for one host at a time, since get_service() gets
/// no context.
namespace services {

void serve(checking_host* host) noexcept;

tenon_status complete(tenon_ctx* ctx, tenon_token token, const tenon_reply* reply) noexcept;
const void* find(tenon_str name) noexcept;
void cancel(tenon_ctx* ctx, tenon_op op) noexcept;

/// The table behind a name of host.h; null if there is none.
const void* table_of(std::string_view name) noexcept;

}  // namespace services
}  // namespace tenon::plugin_check
