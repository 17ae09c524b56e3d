#pragma once

#include <tenon/call.hpp>

#include <string_view>

namespace tenon {

/// What serves a tenant: a connected ad server, a stand-in, or a router over many of them.
///
/// Lifetime    Shared; whoever calls keeps a reference until `done` has been called.
/// Threads     Any, concurrently.
/// Errors      By result, never by exception.
class platform {
 public:
  platform() = default;
  platform(const platform&) = delete;
  platform& operator=(const platform&) = delete;
  virtual ~platform() = default;

  /// Whether this platform has an implementation of `task`.
  virtual bool implements(std::string_view task) const noexcept = 0;

  /// Whether start() may hold its thread until the answer is there. A router runs such a call on the blocking pool.
  virtual bool blocks(std::string_view task) const noexcept;

  /// Starts one call. `done` is called exactly once, inside start() or later, on any thread.
  virtual void start(call_request request, reply_handler done) = 0;
};

}  // namespace tenon
