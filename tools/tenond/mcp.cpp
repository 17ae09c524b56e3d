#include "mcp.hpp"

#include "base/release.hpp"
#include "envelope.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 5> protocol_versions = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05",
                                                               "2024-10-07"};
constexpr std::string_view capabilities_tool = "get_adcp_capabilities";
constexpr std::string_view task_tool = "tasks_get";  // no task of a plugin's, so no table of the release has it

std::string describe(std::string_view task) {
  if (task == task_tool) return "What became of a task that was answered as submitted; needs its task_id.";
  const auto* known = release::find_task(task);
  std::string text = "AdCP " + std::string(release::version) + " task " + std::string(task);
  if (known == nullptr) return text + ".";
  text += " of the " + std::string(known->protocol) + " protocol";
  return text + (known->mutating ? "; changes something, needs an idempotency_key." : "; reads only.");
}

json::object tool(std::string_view task) {
  return {{"name", task},
          {"description", describe(task)},
          {"inputSchema", {{"type", "object"}, {"properties", json::object()}, {"additionalProperties", true}}}};
}

}  // namespace

void mcp_endpoint::handle(const mcp_caller& caller, const json::value& message, mcp_handler done) {
  const auto* object = message.if_object();
  const auto* version = object == nullptr ? nullptr : object->if_contains("jsonrpc");
  if (version == nullptr || *version != "2.0") {
    return done(rpc_error(nullptr, invalid_request, "expected one JSON-RPC 2.0 message"));
  }
  const auto* id = object->if_contains("id");
  const auto* method = object->if_contains("method");
  if (method == nullptr || !method->is_string()) {
    // An answer to a request of ours: we send none, so there is nothing to do with it.
    if (object->contains("result") || object->contains("error")) return done(std::nullopt);
    return done(rpc_error(id ? *id : json::value(), invalid_request, "expected a method"));
  }
  if (id == nullptr) return done(std::nullopt);
  if (!id->is_string() && !id->is_int64() && !id->is_uint64()) {
    return done(rpc_error(nullptr, invalid_request, "expected an id that is a string or an integer"));
  }
  json::object params;
  if (const auto* given = object->if_contains("params"); given != nullptr) {
    if (!given->is_object()) return done(rpc_error(*id, invalid_params, "expected params to be an object"));
    params = given->get_object();
  }

  const std::string_view name = method->get_string();
  if (name == "initialize") return done(rpc_result(*id, initialize(params)));
  if (name == "ping") return done(rpc_result(*id, {}));
  if (name == "tools/call") return call_tool(caller, *id, params, std::move(done));
  if (name == "tools/list") {
    auto tools = list_tools(caller);
    if (!tools) return done(rpc_error(*id, invalid_params, tools.error().message));
    return done(rpc_result(*id, std::move(*tools)));
  }
  done(rpc_error(*id, method_not_found, "Unknown method: " + std::string(name)));
}

json::object mcp_endpoint::initialize(const json::object& params) const {
  std::string_view agreed = protocol_versions.front();
  if (const auto* asked = params.if_contains("protocolVersion"); asked != nullptr && asked->is_string()) {
    const auto known = std::ranges::find(protocol_versions, std::string_view(asked->get_string()));
    if (known != protocol_versions.end()) agreed = *known;
  }
  return {{"protocolVersion", agreed},
          {"capabilities", {{"tools", json::object()}}},
          {"serverInfo", {{"name", "tenond"}, {"version", TENON_VERSION}}}};
}

result<json::object> mcp_endpoint::list_tools(const mcp_caller& caller) const {
  std::vector<std::string> tasks;
  if (caller.tenant.empty()) {
    tasks = host_.tasks();
  } else {
    auto found = host_.tasks_of(caller.tenant, caller.principal);
    if (!found) return found.error();
    tasks = std::move(*found);
  }
  if (std::ranges::find(tasks, capabilities_tool) == tasks.end()) tasks.emplace_back(capabilities_tool);
  tasks.emplace_back(task_tool);
  std::ranges::sort(tasks);
  json::array tools;
  for (const auto& task : tasks) tools.push_back(tool(task));
  return json::object{{"tools", std::move(tools)}};
}

result<reply> mcp_endpoint::capabilities(const mcp_caller& caller) const {
  json::array specialisms;
  if (!caller.tenant.empty()) {
    const auto claimed = host_.specialisms_of(caller.tenant, caller.principal);
    if (!claimed) return claimed.error();
    for (const auto& name : *claimed) specialisms.push_back(json::string(name));
  }
  const json::object body{
      {"status", "completed"},
      {"adcp", {{"major_versions", {3}}, {"idempotency", {{"supported", false}}}}},
      {"supported_protocols", {"media_buy"}},
      {"specialisms", std::move(specialisms)},
      {"account", {{"require_operator_auth", false}, {"supported_billing", {"operator", "agent"}}}},
  };
  return reply{json::serialize(body)};
}

void mcp_endpoint::find_task(const mcp_caller& caller, const json::object& arguments, reply_handler done) {
  const auto* id = arguments.if_contains("task_id");
  if (id == nullptr || !id->is_string()) {
    auto wrong = make_error("INVALID_REQUEST", "tasks_get needs the task_id of a task.");
    wrong.field = "task_id";
    return done(std::move(wrong));
  }
  host_.async_find_task(caller.tenant, std::string(id->get_string()),
                        [principal = caller.principal,
                         done = std::move(done)](const result<std::optional<submitted_task>>& found) mutable {
                          if (!found) return done(found.error());
                          // Somebody else's task looks like none.
                          if (!*found || (*found)->principal != principal) {
                            auto missing = make_error("REFERENCE_NOT_FOUND", "There is no such task.");
                            missing.field = "task_id";
                            return done(std::move(missing));
                          }
                          done(reply{.body = json::serialize(task_object(**found))});
                        });
}

void mcp_endpoint::call_tool(const mcp_caller& caller, const json::value& id, const json::object& params,
                             mcp_handler done) {
  const auto* name = params.if_contains("name");
  const auto* arguments = params.if_contains("arguments");
  if (name == nullptr || !name->is_string()) return done(rpc_error(id, invalid_params, "expected the tool's name"));
  if (arguments != nullptr && !arguments->is_object()) {
    return done(rpc_error(id, invalid_params, "expected arguments to be an object"));
  }
  std::string task(name->get_string());
  if (release::find_task(task) == nullptr && task != task_tool)
    return done(rpc_error(id, invalid_params, "Unknown tool: " + task));

  const json::object given = arguments == nullptr ? json::object() : arguments->get_object();
  std::optional<json::value> context;
  if (const auto* sent = given.if_contains("context")) context = *sent;
  auto answer = [id, context = std::move(context), done = std::move(done)](const result<reply>& outcome) mutable {
    done(rpc_result(id, tool_result(outcome, context ? &*context : nullptr)));
  };

  if (const auto allowed = check_arguments(task, given); !allowed) return answer(allowed.error());
  if (task == capabilities_tool) return answer(capabilities(caller));
  if (task == task_tool) return find_task(caller, given, std::move(answer));
  auto account = account_of(given);
  if (!account) return answer(account.error());

  call_request request{.task = std::move(task), .body = json::serialize(given), .context = {}};
  request.context.principal = caller.principal;
  request.context.trace_id = "call-" + std::to_string(++calls_);
  if (const auto* key = given.if_contains("idempotency_key"); key != nullptr && key->is_string()) {
    request.context.idempotency_key = std::string(key->get_string());
  }
  call_target target{.tenant = caller.tenant, .account = std::move(*account)};
  host_.async_call(std::move(target), std::move(request), std::move(answer));
}

}  // namespace tenon::tenond
