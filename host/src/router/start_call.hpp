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

/// Enters `receiver` on this thread. `done` keeps it alive: until the answer is there and its frame has returned. What
/// it throws becomes the answer, unless it has answered.
///
/// Cost        A spare of `done`; no allocation.
template <class Receiver>
void enter(Receiver& receiver, call_entry<Receiver> entry, std::string_view thrower, call_request request,
           reply_handler done) {
  auto spare = done.spare();
  try {
    (receiver.*entry)(std::move(request), std::move(done));
  } catch (...) {
    if (!spare.called()) spare(error_of_current_exception(thrower));
  }
}

/// Starts a call on this thread, or on the blocking executor if the receiver may hold its thread. `keeper` is what
/// keeps the receiver alive.
template <class Receiver, class Keeper>
void start_call(const boost::asio::any_io_executor& blocking, bool blocks, Receiver& receiver, Keeper keeper,
                call_entry<Receiver> entry, std::string_view thrower, call_request request, reply_handler done) {
  done.keep(std::move(keeper));
  if (!blocks) return enter(receiver, entry, thrower, std::move(request), std::move(done));
  boost::asio::post(blocking,
                    [&receiver, entry, thrower, request = std::move(request), done = std::move(done)]() mutable {
                      enter(receiver, entry, thrower, std::move(request), std::move(done));
                    });
}

/// Starts `request` on its tenant's platform, if that implements the task. `held`: a shared_ptr to it, or a lease of
/// one.
template <class Keeper>
void start_on_platform(const boost::asio::any_io_executor& blocking, platform& target, Keeper held,
                       call_request request, reply_handler done) {
  if (!target.implements(request.task)) {
    return done(not_implemented(request.task, request.context.account.tenant_id().value_or("")));
  }
  const bool blocks = target.blocks(request.task);
  start_call(blocking, blocks, target, std::move(held), &platform::start, "the platform", std::move(request),
             std::move(done));
}

}  // namespace tenon
