#pragma once

#include <tenon/host.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <filesystem>
#include <functional>
#include <memory>

namespace tenon::tenond {

using admin_handler = unique_function<void(boost::json::object)>;

/// Reads again what is tenond's own in the configuration: part of every reload.
using own_reload = std::function<result<void>()>;

/// What is tenond's own in the answer to "status", its member "edge".
using own_status = std::function<boost::json::object()>;

/// Answers one command of an operator: {"command": "ping" | "status" | "tenants" | "metrics" | "invalidate" | "reload"
/// | "rollout"}. invalidate takes a "tenant"; reload one of "tenant", "plugin", "secret" (names) and "all" (true);
/// rollout a "plugin" and an "action". The answer has "ok"; if that is false, "error" says what was expected and found.
void run_admin_command(tenon::host& host, const own_reload& own, const boost::json::object& request,
                       admin_handler done, const own_status& edge = {});

/// Listens on a Unix socket, mode 0600, for one JSON object a line, and answers each with one line. Peers other than
/// root and our own user are hung up on.
///
/// Lifetime    Keeps itself alive while connections are open; borrows the host.
class admin_socket {
 public:
  virtual ~admin_socket() = default;

  /// Errors: the path is taken by something that is not a dead socket, its directory is missing, not writable, or the
  /// name too long.
  static result<std::shared_ptr<admin_socket>> listen(boost::asio::any_io_executor executor, std::filesystem::path path,
                                                      tenon::host& host, own_reload own,
                                                      own_status edge = {});

  /// Closes the listener and its connections, and removes the file.
  virtual void stop() = 0;
};

}  // namespace tenon::tenond
