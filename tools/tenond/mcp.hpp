#pragma once

#include <tenon/host.hpp>

#include <boost/json/value.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::tenond {

/// Who asks, and for whom.
struct mcp_caller {
  std::string principal;
  std::string tenant;  ///< from the path or the Host header; empty: the account decides
};

/// The answer to one POST: nothing for a notification.
using mcp_handler = unique_function<void(std::optional<boost::json::object>)>;

/// The Model Context Protocol (revision 2025-11-25, Streamable HTTP, stateless): initialize, ping, tools/list,
/// tools/call.
///
/// Tools are the tasks that the tenant's plugin has, read from its manifest, so listing them loads nothing.
///
/// Lifetime    Borrows the host.
/// Threads     Any, concurrently.
class mcp_endpoint {
 public:
  explicit mcp_endpoint(tenon::host& host) : host_(host) {}

  /// One JSON-RPC message. `done` exactly once, here or later.
  void handle(const mcp_caller& caller, const boost::json::value& message, mcp_handler done);

 private:
  boost::json::object initialize(const boost::json::object& params) const;
  result<boost::json::object> list_tools(const mcp_caller& caller) const;
  void call_tool(const mcp_caller& caller, const boost::json::value& id, const boost::json::object& params,
                 mcp_handler done);
  void find_task(const mcp_caller& caller, const boost::json::object& arguments, reply_handler done);
  result<reply> capabilities(const mcp_caller& caller) const;

  tenon::host& host_;
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace tenon::tenond
