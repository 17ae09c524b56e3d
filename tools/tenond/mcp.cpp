#include "mcp.hpp"

#include "base/release.hpp"
#include "envelope.hpp"
#include "protocol_versions.hpp"
#include "schemas/schemas.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <utility>
#include <vector>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

constexpr std::string_view task_tool = "tasks_get";  // no task of a plugin's, so no table of the release has it

constexpr std::size_t answer_memory = 8u << 10;  // to begin with: what most answers need, on the stack

const json::object no_members;

std::string describe(std::string_view task) {
  if (task == task_tool) return "What became of a task that was answered as submitted; needs its task_id.";
  const auto* known = release::find_task(task);
  std::string text = "AdCP " + std::string(release::version) + " task " + std::string(task);
  if (known == nullptr) return text + ".";
  text += " of the " + std::string(known->protocol) + " protocol";
  return text + (known->mutating ? "; changes something, needs an idempotency_key." : "; reads only.");
}

bool is_id(const json::value& id) { return id.is_string() || id.is_int64() || id.is_uint64(); }

std::string random_prefix() {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "call-%08x-", std::random_device()());
  return text.data();
}

json::object tool(std::string_view task) {
  return {{"name", task}, {"description", describe(task)}, {"inputSchema", schemas::input_schema(task)}};
}

}  // namespace

mcp_endpoint::mcp_endpoint(adcp_desk& desk, audit_log* log, const clock& time)
    : desk_(desk), log_(log), time_(time), id_prefix_(random_prefix()) {}

void mcp_endpoint::handle(const buyer& from, const json::value& message, mcp_handler done) {
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
  if (!is_id(*id)) {
    return done(rpc_error(nullptr, invalid_request, "expected an id that is a string or an integer"));
  }
  const auto* given = object->if_contains("params");
  const std::string_view name = method->get_string();
  if (given != nullptr && !given->is_object()) {
    const auto line = name == "tools/call" ? audited_call::begin(log_, time_, with_id(from), no_members) : nullptr;
    if (line) line->end("invalid_params");
    return done(rpc_error(*id, invalid_params, "expected params to be an object"));
  }
  const auto& params = given == nullptr ? no_members : given->get_object();

  if (name == "initialize") return done(rpc_result(*id, initialize(params)));
  if (name == "ping") return done(rpc_result(*id, {}));
  if (name == "tools/call") return call_tool(with_id(from), *id, params, std::move(done));
  if (name == "tools/list") {
    auto tools = list_tools(from);
    if (!tools) return done(rpc_error(*id, invalid_params, tools.error().message));
    return done(rpc_result(*id, *tools));
  }
  done(rpc_error(*id, method_not_found, "Unknown method: " + std::string(name)));
}

buyer mcp_endpoint::with_id(const buyer& from) {
  auto made = from;
  made.request_id = id_prefix_ + std::to_string(++calls_);
  return made;
}

std::optional<std::string> mcp_endpoint::refuse(const buyer& from, const json::value& message, const error& why) {
  const auto* object = message.if_object();
  const auto* id = object == nullptr ? nullptr : object->if_contains("id");
  const auto* method = object == nullptr ? nullptr : object->if_contains("method");
  if (id == nullptr || !is_id(*id) || method == nullptr || !method->is_string()) return std::nullopt;
  if (*method != "tools/call") return rpc_error(*id, too_many_requests, why);
  const auto* sent = object->if_contains("params");
  const auto& params = sent != nullptr && sent->is_object() ? sent->get_object() : no_members;
  if (const auto line = audited_call::begin(log_, time_, with_id(from), params)) line->end_bounded("rate_limited");
  const auto* arguments = params.if_contains("arguments");
  const auto* context =
      arguments != nullptr && arguments->is_object() ? arguments->get_object().if_contains("context") : nullptr;
  return tool_result(*id, task_body(why, context));
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

result<json::object> mcp_endpoint::list_tools(const buyer& from) const {
  const auto tasks = desk_.tasks_of(from);
  if (!tasks) return tasks.error();
  json::array tools;
  for (const auto& task : *tasks) tools.push_back(tool(task));
  return json::object{{"tools", std::move(tools)}};
}

void mcp_endpoint::call_tool(const buyer& from, const json::value& id, const json::object& params, mcp_handler done) {
  const auto line = audited_call::begin(log_, time_, from, params);
  const auto refuse = [&](std::string_view outcome, const std::string& message) {
    if (line) line->end(outcome);
    done(rpc_error(id, invalid_params, message));
  };
  const auto* name = params.if_contains("name");
  const auto* arguments = params.if_contains("arguments");
  if (name == nullptr || !name->is_string()) return refuse("invalid_params", "expected the tool's name");
  if (arguments != nullptr && !arguments->is_object())
    return refuse("invalid_params", "expected arguments to be an object");
  std::string task(name->get_string());
  if (release::find_task(task) == nullptr && task != task_tool) return refuse("unknown_tool", "Unknown tool: " + task);

  const auto& given = arguments == nullptr ? no_members : arguments->get_object();
  std::optional<json::value> context;
  if (const auto* sent = given.if_contains("context")) context.emplace(*sent, json::storage_ptr());
  auto answer = [id = json::value(id, json::storage_ptr()), line, context = std::move(context),
                 done = std::move(done)](const result<reply>& outcome) mutable {
    if (!outcome && outcome.error().code == no_such_tool) {
      if (line) line->end("unknown_tool");
      return done(rpc_error(id, invalid_params, outcome.error().message));
    }
    std::array<unsigned char, answer_memory> space;
    json::monotonic_resource memory(space.data(), space.size());
    const auto body = task_body(outcome, context ? &*context : nullptr, &memory);
    if (line) line->end(body);
    done(tool_result(id, body));
  };
  desk_.call(from, std::move(task), given, std::move(answer), line ? &line->subject : nullptr);
}

}  // namespace tenon::tenond
