#pragma once

#include "router/outcome.hpp"

#include <tenon/platform.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace tenon {

/// A member function of a platform or a proposal manager that starts a call.
template <class Receiver>
using call_entry = void (Receiver::*)(call_request, reply_handler);

/// Enters `receiver` on this thread. It stays alive until the answer is there and its frame has returned;
/// what it throws becomes the answer, unless it has answered.
///
/// Cost        Two reference counts more than the caller's, and a spare of `done`; no allocation.
template <class Receiver>
void enter(const std::shared_ptr<Receiver>& receiver, call_entry<Receiver> entry, std::string_view thrower,
           call_request request, reply_handler done) {
  auto spare = done.spare();
  try {
    done.keep(receiver);
    (receiver.get()->*entry)(std::move(request), std::move(done));
  } catch (...) {
    if (!spare.called()) spare(error_of_current_exception(thrower));
  }
}

/// Starts a call on this thread, or on the blocking executor if the receiver may hold its thread.
template <class Receiver>
void start_call(const boost::asio::any_io_executor& blocking, bool blocks, std::shared_ptr<Receiver> receiver,
                call_entry<Receiver> entry, std::string_view thrower, call_request request, reply_handler done) {
  if (!blocks) return enter(receiver, entry, thrower, std::move(request), std::move(done));
  boost::asio::post(blocking, [receiver = std::move(receiver), entry, thrower, request = std::move(request),
                               done = std::move(done)]() mutable {
    enter(receiver, entry, thrower, std::move(request), std::move(done));
  });
}

/// Starts `request` on its tenant's platform, if that implements the task.
inline void start_on_platform(const boost::asio::any_io_executor& blocking, std::shared_ptr<platform> target,
                              call_request request, reply_handler done) {
  if (!target->implements(request.task)) {
    return done(not_implemented(request.task, request.context.account.tenant_id().value_or("")));
  }
  const bool blocks = target->blocks(request.task);
  start_call(blocking, blocks, std::move(target), &platform::start, "the platform", std::move(request),
             std::move(done));
}

}  // namespace tenon
