#pragma once

#include "adcp_desk.hpp"
#include "audit/audit_log.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace tenon::tenond {

/// A call on its way to its line in the audit log.
///
/// Lifetime    Borrows the log and the clock.
/// Threads     One at a time.
class audited_call {
 public:
  /// `params`: of tools/call, as they came. Nothing if the log is off or there is none.
  static std::shared_ptr<audited_call> begin(audit_log* log, const clock& time, const buyer& from,
                                             const boost::json::object& params);

  /// Where the desk puts what it finds out.
  call_subject subject;

  /// A call that nobody ended has its line all the same, as "abandoned".
  ~audited_call();
  audited_call(const audited_call&) = delete;
  audited_call& operator=(const audited_call&) = delete;

  /// Writes the line, for a call that no task answered.
  void end(std::string_view outcome);
  /// The same, for what anybody can cause as often as he likes.
  void end_bounded(std::string_view outcome);
  /// The same, by what an AdCP client was answered.
  void end(const boost::json::object& answered);

 private:
  audited_call(audit_log& log, const clock& time, const buyer& from);
  void complete(std::string_view outcome);

  audit_log& log_;
  const clock& time_;
  const steady_time begun_;
  audit_entry entry_;
  bool ended_ = false;
};

}  // namespace tenon::tenond
