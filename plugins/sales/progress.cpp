#include "progress.hpp"

#include "field.hpp"
#include "marker.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::sales {
namespace {

constexpr std::int64_t format = 1;
constexpr double default_delay_seconds = 15;
constexpr std::chrono::milliseconds longest_delay = std::chrono::minutes{15};
constexpr std::chrono::milliseconds most_ahead{3000};

}  // namespace

progress::progress(sdk::platform_context const& context, sdk::call_context const& call)
    : buyer_(buyer_key(context, call)),
      asked_at_(std::chrono::floor<std::chrono::seconds>(context.time().wall())),
      first_delay_(static_cast<std::int64_t>(
          number_at(context.settings(), "resume_after_seconds").value_or(default_delay_seconds) * 1000)),
      attempt_(call.attempt()),
      resumed_(!call.resume().empty()),
      last_(call.last()) {
  if (!resumed_) {
    key_ = marker_key(context, call);
    return;
  }
  auto const kept = parse_object(call.resume());
  if (upstream_integer(kept, "format") != format) {
    throw sdk::errors::internal_error("The task was submitted in a format that this version does not know: " +
                                      call.resume().substr(0, 100));
  }
  key_ = upstream_text(kept, "key");
  if (find(kept, "buyer") != nullptr) {
    buyer_ = upstream_text(kept, "buyer");
  }
  name_ = upstream_text(kept, "name");
  made_ = upstream_text(kept, "made");
  code_ = upstream_text(kept, "code");
  message_ = upstream_text(kept, "message");
  field_ = upstream_text(kept, "field");
  revision_ = upstream_integer(kept, "revision");
  asked_at_ = instant(std::chrono::seconds(upstream_integer(kept, "asked_at")));
}

void progress::claim(std::string name, std::string made) {
  name_ = std::move(name);
  made_ = std::move(made);
}

void progress::claim_at(std::string name, std::int64_t revision) {
  claim(std::move(name));
  revision_ = revision;
}

void progress::undo(sdk::error const& reason) {
  code_ = reason.code();
  message_ = reason.message();
  field_ = reason.field();
}

sdk::error progress::reason() const {
  return sdk::error(code_, message_).field(field_).operator_detail("what there was of it is undone");
}

sdk::submitted progress::later(sdk::error const& why) const {
  json::object kept{{"format", format},
                    {"key", key_},
                    {"name", name_},
                    {"made", made_},
                    {"asked_at", asked_at_.time_since_epoch().count()}};
  if (!buyer_.empty()) {
    kept["buyer"] = buyer_;
  }
  if (revision_ != 0) {
    kept["revision"] = revision_;
  }
  if (undoes()) {
    kept["code"] = code_;
    kept["message"] = message_;
    kept["field"] = field_;
  }
  auto const grown = first_delay_ * (std::int64_t{1} << std::min<std::uint32_t>(attempt_, 10));
  auto const delay =
      std::max<std::chrono::milliseconds>(std::min(grown, longest_delay), std::chrono::seconds(why.retry_after_s()));
  return sdk::submitted(json::serialize(kept), delay, why.message());
}

bool passes(sdk::error const& why) {
  return why.code() == "SERVICE_UNAVAILABLE" || why.code() == "RATE_LIMITED" || why.code() == "CONFLICT";
}

sdk::error error_in(std::exception_ptr const& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (sdk::error const& found) {
    return found;
  } catch (sdk::cancelled const&) {
    return sdk::errors::service_unavailable("the call was cancelled, or its platform is going");
  } catch (std::exception const& unexpected) {
    return sdk::errors::internal_error(unexpected.what());
  } catch (...) {
    return sdk::errors::internal_error("an exception that is no std::exception left a change");
  }
}

bool is_cancellation(std::exception_ptr const& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (sdk::cancelled const&) {
    return true;
  } catch (...) {
    return false;
  }
}

void settle(progress const& going, std::exception_ptr const& failure) {
  auto const why = error_in(failure);
  if (going.claimed() && passes(why)) {
    throw going.later(why);
  }
  std::rethrow_exception(failure);
}

deadline settle_by(sdk::platform_context const& context, sdk::call_context const& call) {
  auto const until = call.deadline();
  if (!until) {
    return until;
  }
  auto const left = std::max(*until - context.time().steady(), std::chrono::steady_clock::duration::zero());
  return *until - std::min<std::chrono::steady_clock::duration>(most_ahead, left / 10);
}

}  // namespace tenon::sales
