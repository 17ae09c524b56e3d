#pragma once

#include "isolation/bulkhead.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace tenon {

/// The bulkheads of all tenants in force.
///
/// Threads     Any, concurrently.
/// Cost        A look-up: one lock, one search, one reference count.
class bulkheads {
 public:
  explicit bulkheads(bulkhead_environment environment)
      : environment_(std::make_shared<const bulkhead_environment>(std::move(environment))) {}

  /// Those who are not named are gone: calls that wait there are refused as of a tenant that is not there any more.
  void assign(const std::map<std::string, call_limits, std::less<>>& limits);

  /// Through the tenant's bulkhead; a tenant without one, who has just gone or is about to come, has no limits.
  void call(std::string_view tenant, call_request request, reply_handler done) const;

  void renew(std::string_view tenant) const;

  /// Of a tenant without one: nothing.
  tenant_calls status_of(std::string_view tenant) const;

  /// Answers whoever waits. Before the scheduler goes.
  void close();

 private:
  using table = std::map<std::string, std::shared_ptr<bulkhead>, std::less<>>;
  std::shared_ptr<bulkhead> find(std::string_view tenant) const;

  const std::shared_ptr<const bulkhead_environment> environment_;
  mutable std::mutex mutex_;
  table by_tenant_;
};

}  // namespace tenon
