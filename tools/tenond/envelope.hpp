#pragma once

#include <tenon/host.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// What goes over the wire, as pure functions of values: JSON-RPC 2.0 messages, MCP tool results, AdCP errors.
namespace tenon::tenond {

inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;

boost::json::object rpc_result(const boost::json::value& id, boost::json::object result);
boost::json::object rpc_error(const boost::json::value& id, int code, std::string_view message);

/// An MCP tool result around a task's outcome: the AdCP object as structuredContent and once more as text. `context` is
/// what the caller sent and is echoed as it came.
boost::json::object tool_result(const result<reply>& outcome, const boost::json::value* context);

/// AdCP 3.0 core/error.json, without what only the operator may see.
boost::json::object error_object(const error& value);

/// AdCP 3.0 core/tasks-get-response.json, with the response of a task that is completed as `result`.
boost::json::object task_object(const submitted_task& task);

/// The account reference of a request's arguments. Errors (INVALID_REQUEST): not an object, neither an id nor brand and
/// operator.
result<account_reference> account_of(const boost::json::object& arguments);

/// What the server refuses before any plugin is asked: another major version (VERSION_UNSUPPORTED), a mutating task
/// without a usable idempotency_key (INVALID_REQUEST).
result<void> check_arguments(std::string_view task, const boost::json::object& arguments);

}  // namespace tenon::tenond
