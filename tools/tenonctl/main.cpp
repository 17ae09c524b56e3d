// tenonctl: an operator's view of a running tenond, and a check of its configuration without one.

#include "author_commands.hpp"
#include "forget_command.hpp"
#include "pin_commands.hpp"
#include "rollout_command.hpp"
#include "server_check.hpp"
#include "webhook_commands.hpp"

#include <tenon/host.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <istream>
#include <set>
#include <string>

namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using asio::local::stream_protocol;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
const std::string nothing_changed = "the configuration has errors, which are listed above; nothing was changed";

/// Sends one command and returns the answer; on failure says why on stderr and returns an object without "ok".
json::object ask(const std::string& socket, const json::object& request) {
  asio::io_context context;
  stream_protocol::socket peer(context);
  boost::system::error_code failed;
  peer.connect(stream_protocol::endpoint(socket), failed);
  if (failed) {
    std::cerr << "tenonctl: expected tenond to listen on " << socket << ", found: " << failed.message()
              << "; is it running, and is this the admin_socket of its configuration?\n";
    return {};
  }
  asio::write(peer, asio::buffer(json::serialize(request) + '\n'), failed);
  asio::streambuf buffer;
  if (!failed) asio::read_until(peer, buffer, '\n', failed);
  std::string line;
  std::istream in(&buffer);
  std::getline(in, line);
  json::error_code malformed;
  auto answer = json::parse(line, malformed);
  if (failed || malformed || !answer.is_object()) {
    std::cerr << "tenonctl: expected an answer on " << socket << ", found that the connection broke off\n";
    return {};
  }
  return std::move(answer.get_object());
}

std::string text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

void print_tenants(const json::object& answer) {
  std::printf("%-24s %-9s %-20s %-12s %-10s %-10s %8s %7s %7s %8s  %s\n", "TENANT", "STATE", "SINCE", "PLUGIN",
              "PINNED", "SERVING", "INSTANCE", "RUNNING", "QUEUED", "REFUSED", "REASON");
  for (const auto& each : answer.at("tenants").as_array()) {
    const auto& tenant = each.as_object();
    const bool cached = tenant.at("cached").as_bool();
    const auto& calls = tenant.at("calls").as_object();
    const auto refused = calls.at("refused").to_number<std::uint64_t>() +
                         calls.at("refused_by_breaker").to_number<std::uint64_t>() +
                         calls.at("expired_in_queue").to_number<std::uint64_t>();
    std::printf("%-24s %-9s %-20s %-12s %-10s %-10s %8s %7s %7s %8llu  %s\n", text(tenant, "tenant").c_str(),
                text(tenant, "state").c_str(), text(tenant, "since").c_str(), text(tenant, "plugin").c_str(),
                text(tenant, "plugin_version").c_str(), cached ? text(tenant, "served_version").c_str() : "-",
                cached ? text(tenant, "instance").c_str() : "-", text(calls, "running").c_str(),
                text(calls, "queued").c_str(), static_cast<unsigned long long>(refused),
                text(tenant, "last_error").c_str());
  }
}

void print_edge(const json::object& edge) {
  std::printf(
      "refused    %s requests of buyers beyond their limits, %s unknown tokens, %s requests of addresses that "
      "sent too many\n",
      text(edge, "rate_limited").c_str(), text(edge, "auth_failures").c_str(), text(edge, "auth_rate_limited").c_str());
  const auto& audit = edge.at("audit").as_object();
  const auto file = text(audit, "file");
  std::printf("audit      %s, %s lines written, %s lost, %s entries counted instead of written\n",
              file.empty() ? "off" : file.c_str(), text(audit, "written").c_str(), text(audit, "lost").c_str(),
              text(audit, "summarised").c_str());
}

void print_status(const json::object& answer) {
  std::printf("tenants    %s (%s cached, %s failing)\n", text(answer, "tenants").c_str(),
              text(answer, "cached").c_str(), text(answer, "failing").c_str());
  std::printf("libraries  %zu mapped, %s closed and proven\n", answer.at("libraries").as_array().size(),
              text(answer, "libraries_closed").c_str());
  std::printf("ready      %s\n", answer.at("ready").as_bool() ? "yes" : "no, tenants with warm_up are being built");
  const auto& blocking = answer.at("blocking").as_object();
  std::printf("threads    %s for what blocks, %s jobs on them, %s waiting, %s stuck\n",
              text(blocking, "threads").c_str(), text(blocking, "running").c_str(), text(blocking, "waiting").c_str(),
              text(blocking, "stuck").c_str());
  if (const auto* found = answer.if_contains("edge")) print_edge(found->as_object());
  for (const auto& each : answer.at("libraries").as_array()) {
    const auto& library = each.as_object();
    std::printf("  %-10s %-10s %-9s %3s platforms  %s  %s\n", text(library, "plugin").c_str(),
                text(library, "version").c_str(), text(library, "state").c_str(), text(library, "platforms").c_str(),
                text(library, "content_hash").substr(0, 16).c_str(), text(library, "reason").c_str());
  }
  for (const auto& line : answer.at("diagnostics").as_array()) std::printf("! %s\n", line.as_string().c_str());
}

void print_tasks(const json::object& answer) {
  for (const auto& each : answer.at("tasks").as_array()) {
    const auto& task = each.as_object();
    std::printf("%s  %-16s %-18s %-9s %3s attempts  %s  %s\n", text(task, "task_id").c_str(),
                text(task, "tenant").c_str(), text(task, "task").c_str(), text(task, "state").c_str(),
                text(task, "attempts").c_str(), text(task, text(task, "next").empty() ? "created" : "next").c_str(),
                text(task, "reason").c_str());
  }
  if (answer.at("tasks").as_array().empty()) std::printf("no task was submitted\n");
}

void print_metrics(const json::object& answer) { std::cout << text(answer, "text"); }

void print_reload(const json::object& answer) {
  if (!answer.contains("changes")) return;
  for (const auto& each : answer.at("changes").as_array()) {
    const auto& change = each.as_object();
    std::printf("%-24s %-18s %s\n", text(change, "tenant").c_str(), text(change, "change").c_str(),
                !change.at("applied").as_bool()
                    ? ("kept back, " + text(change, "step") + ": " + text(change, "reason")).c_str()
                : change.at("rebuilt").as_bool() ? "live platform replaced"
                                                 : "applied");
  }
  for (const auto& line : answer.at("diagnostics").as_array()) std::printf("! %s\n", line.as_string().c_str());
  if (answer.at("changes").as_array().empty() && !answer.at("ok").as_bool()) return;  // nothing was even compared
  std::printf("%zu changed or kept back, %s unchanged\n", answer.at("changes").as_array().size(),
              text(answer, "unchanged").c_str());
}

/// Runs one command; prints what it says, as JSON if asked.
int run(const std::string& socket, json::object request, bool as_json, void (*print)(const json::object&)) {
  const auto answer = ask(socket, request);
  if (!answer.contains("ok")) return exit_failed;
  if (as_json) {
    std::cout << json::serialize(answer) << '\n';
  } else if (print != nullptr && (answer.at("ok").as_bool() || answer.contains("changes"))) {
    print(answer);
  }
  if (answer.at("ok").as_bool()) return 0;
  const auto* changes = answer.if_contains("changes");
  const bool refused = changes != nullptr && changes->as_array().empty();
  std::cerr << "tenonctl: " << (refused ? nothing_changed : text(answer, "error")) << '\n';
  return exit_failed;
}

int check(const std::filesystem::path& config) {
  bool fatal = false;
  std::set<std::string> told;  // a file that is no TOML is a finding of both
  const auto tell = [&](const tenon::diagnostic& finding) {
    if (told.insert(finding.to_string()).second) std::cout << finding.to_string() << '\n';
    fatal = fatal || finding.fatal;
  };
  for (const auto& finding : tenon::check_configuration(config)) tell(finding);
  for (const auto& finding : tenonctl::check_server(config)) tell(finding);
  if (!fatal) std::cout << config.string() << ": ok\n";
  return fatal ? exit_failed : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Looks at and steers a running tenond.", "tenonctl");
  app.set_version_flag("--version", TENON_VERSION);
  app.require_subcommand(1);
  std::string socket = "/run/tenon/admin.sock";
  std::string tenant;
  std::filesystem::path config;
  bool as_json = false;
  app.add_option("--socket", socket, "the admin socket of tenond")
      ->envname("TENON_ADMIN_SOCKET")
      ->capture_default_str();
  app.add_flag("--json", as_json, "print the answer as JSON");
  auto* status = app.add_subcommand("status", "tenants, libraries and findings in short");
  auto* tenants = app.add_subcommand("tenants", "every tenant: plugin, versions, instance, last error");
  auto* tasks =
      app.add_subcommand("tasks", "tasks that were submitted: how they stand, and when they are gone on with");
  tasks->add_option("tenant", tenant, "without it: of all");
  auto* metrics = app.add_subcommand("metrics", "figures in the text format of Prometheus");
  auto* invalidate = app.add_subcommand("invalidate", "drop a tenant's platform, or all; the next request builds it");
  invalidate->add_option("tenant", tenant, "without it: all");
  auto* reload = app.add_subcommand("reload",
                                    "read the configuration again and move the tenants that changed, or those that an "
                                    "option names, successor first");
  bool reload_all = false;
  std::string plugin_name, secret;
  auto* reload_what = reload->add_option_group("what");
  reload_what->add_option("--tenant", tenant, "this tenant alone, changed or not");
  reload_what->add_option("--plugin", plugin_name, "the tenants of this plugin, changed or not");
  reload_what->add_option("--secret", secret, "the tenants with a secret in this file, changed or not");
  reload_what->add_flag("--all", reload_all, "every tenant, changed or not");
  reload_what->require_option(0, 1);
  const tenonctl::rollout_command rollout(app);
  auto* checked = app.add_subcommand("check", "check a configuration as tenond would read it, loading nothing");
  checked->add_option("config", config, "tenon.toml")->required();
  auto* plugin =
      app.add_subcommand("plugin", "plugin files: new ones, checks, pins, keys and findings; needs no tenond");
  plugin->require_subcommand(1);
  const tenonctl::author_commands author(*plugin);
  const tenonctl::pin_commands pins(*plugin);
  const tenonctl::forget_command forget(*plugin);
  const tenonctl::forgive_command forgive(*plugin);
  auto* webhook = app.add_subcommand("webhook", "the key that webhooks are signed with; needs no tenond");
  webhook->require_subcommand(1);
  const tenonctl::webhook_commands webhooks(*webhook);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : exit_usage;
  }
  if (const auto done = author.run()) return *done;
  if (const auto done = pins.run()) return *done;
  if (const auto done = forget.run()) return *done;
  if (const auto done = forgive.run()) return *done;
  if (const auto done = webhooks.run()) return *done;
  if (checked->parsed()) return check(config);
  if (status->parsed()) return run(socket, {{"command", "status"}}, as_json, print_status);
  if (tenants->parsed()) return run(socket, {{"command", "tenants"}}, as_json, print_tenants);
  if (tasks->parsed()) {
    json::object request{{"command", "tasks"}};
    if (tasks->count("tenant") != 0) request["tenant"] = tenant;
    return run(socket, std::move(request), as_json, print_tasks);
  }
  if (metrics->parsed()) return run(socket, {{"command", "metrics"}}, as_json, print_metrics);
  if (auto request = rollout.request()) return run(socket, *std::move(request), as_json, tenonctl::print_rollouts);
  if (reload->parsed()) {
    json::object request{{"command", "reload"}};
    if (reload->count("--tenant") != 0) request["tenant"] = tenant;
    if (reload->count("--plugin") != 0) request["plugin"] = plugin_name;
    if (reload->count("--secret") != 0)
      request["secret"] = std::filesystem::absolute(secret).lexically_normal().string();
    if (reload_all) request["all"] = true;
    return run(socket, std::move(request), as_json, print_reload);
  }
  json::object request{{"command", "invalidate"}};
  if (invalidate->count("tenant") != 0) request["tenant"] = tenant;
  return run(socket, std::move(request), as_json, nullptr);
}
