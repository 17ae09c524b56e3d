#pragma once

#include "adcp_desk.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tenon::tenond {

/// The answer to one POST: nothing for a notification.
using mcp_handler = unique_function<void(std::optional<boost::json::object>)>;

/// The Model Context Protocol (revision 2025-11-25, Streamable HTTP, stateless): initialize, ping, tools/list,
/// tools/call.
///
/// Tools are the tasks that the tenant's plugin has, read from its manifest, so listing them loads nothing.
///
/// Lifetime    Borrows the desk.
/// Threads     Any, concurrently.
class mcp_endpoint {
 public:
  explicit mcp_endpoint(adcp_desk& desk) : desk_(desk) {}

  /// One JSON-RPC message. `done` exactly once, here or later.
  void handle(const buyer& from, const boost::json::value& message, mcp_handler done);

 private:
  boost::json::object initialize(const boost::json::object& params) const;
  result<boost::json::object> list_tools(const buyer& from) const;
  void call_tool(const buyer& from, const boost::json::value& id, const boost::json::object& params, mcp_handler done);

  adcp_desk& desk_;
};

}  // namespace tenon::tenond
