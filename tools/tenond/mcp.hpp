#pragma once

#include "adcp_desk.hpp"
#include "audited_call.hpp"

#include <boost/json/value.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::tenond {

/// The answer to one POST, as text: nothing for a notification.
using mcp_handler = unique_function<void(std::optional<std::string>)>;

/// The Model Context Protocol (revision 2025-11-25, Streamable HTTP, stateless): initialize, ping, tools/list,
/// tools/call.
///
/// Tools are the tasks that the tenant's plugin has, read from its manifest, so listing them loads nothing.
///
/// Lifetime    Borrows the desk, the log and the clock. No log: nothing is written of calls.
/// Threads     Any, concurrently.
class mcp_endpoint {
 public:
  explicit mcp_endpoint(adcp_desk& desk, audit_log* log = nullptr, const clock& time = system_clock());

  /// One JSON-RPC message. `done` exactly once, here or later.
  void handle(const buyer& from, const boost::json::value& message, mcp_handler done);

  /// The answer to a request that is not looked at, for the buyer sends too many: to tools/call a tool's error, which
  /// AdCP clients read, to any other an error of JSON-RPC. Nothing: it is no request, so there is nothing to answer.
  std::optional<std::string> refuse(const buyer& from, const boost::json::value& message, const error& why);

 private:
  boost::json::object initialize(const boost::json::object& params) const;
  result<boost::json::object> list_tools(const buyer& from) const;
  buyer with_id(const buyer& from);
  void call_tool(const buyer& from, const boost::json::value& id, const boost::json::object& params, mcp_handler done);

  adcp_desk& desk_;
  audit_log* const log_;
  const clock& time_;
  const std::string id_prefix_;  ///< tells the calls of this process from those of others
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace tenon::tenond
