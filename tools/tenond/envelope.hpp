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
inline constexpr int too_many_requests = -32029;  ///< AdCP 3.0, transport errors: refused before the task was asked

/// Messages of JSON-RPC, as they go out.
std::string rpc_result(const boost::json::value& id, const boost::json::object& result);
std::string rpc_error(const boost::json::value& id, int code, std::string_view message);

/// An error of a task as one of JSON-RPC, whose `data` has it whole (AdCP 3.0, transport errors).
std::string rpc_error(const boost::json::value& id, int code, const error& value);

/// A task's outcome as AdCP has it. `context` is what the caller sent and is echoed as it came. It lives in `memory`.
boost::json::object task_body(const result<reply>& outcome, const boost::json::value* context,
                              const boost::json::storage_ptr& memory = {});

/// The message with an MCP tool result around such a body: it is structuredContent, and once more the text.
std::string tool_result(const boost::json::value& id, const boost::json::object& body);

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
