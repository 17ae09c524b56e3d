#pragma once

#include "buy.hpp"

#include <tenon/sdk/error.hpp>
#include <tenon/sdk/log.hpp>

#include <optional>

namespace tenon::sales {

/// What an adapter keeps of a package in the ad server itself, so that nothing is lost with a process: a small JSON
/// text in a free-text field of the line item or flight.
json::object package_record(package_plan const& plan, std::string const& marker);

/// Likewise of the whole buy, at the order or campaign. `key` is the digest of the idempotency key, `buyer` that of who
/// bought: see buyer_key().
json::object buy_record(std::string const& key, instant now, std::string const& buyer);

/// Whether what has this record is there for a buyer: the one it names; everyone if it names none.
bool is_for(json::object const& record, std::string const& buyer);

/// What is said of a media buy or package that is not there, or not for this buyer, who cannot tell which.
sdk::error no_such_buy();
sdk::error no_such_package(std::string const& path = {});

/// A package as it stands in the ad server.
struct package_state {
  std::string package_id;
  json::object record;
  instant start;
  instant end;
  bool paused = false;
  bool canceled = false;
  std::vector<std::string> awaited;  ///< creatives it waits for: see awaited_creatives::mark()
};

/// A media buy as it stands in the ad server.
struct buy_state {
  std::string media_buy_id;
  std::string status;  ///< MediaBuyStatus
  json::object record;
  std::string currency;
  std::vector<package_state> packages;

  std::int64_t revision() const;
  instant start() const;  ///< the earliest of its packages
  instant end() const;    ///< the latest

  /// The position of a package that an update at `path` names. PACKAGE_NOT_FOUND; INVALID_STATE if it is canceled.
  std::size_t live_package(std::string const& package_id, std::string const& path) const;
};

/// The answers of create_media_buy, update_media_buy (with the packages it touched) and an entry of get_media_buys.
json::object created_answer(buy_state const& state, json::object const& request);
json::object updated_answer(buy_state const& state, std::vector<std::string> const& affected);
json::object listed_entry(buy_state const& state);

/// Tells the operator's log which lists people have to apply by hand, where that is not what it was before.
void tell_lists(sdk::logger const& log, buy_state const& before, buy_state const& now);

/// The statuses a get_media_buys or delivery request asks for; empty means any.
std::vector<std::string> wanted_statuses(json::object const& request);

/// Applies `bid_price`, `budget` and the like of an update to a record.
void amend_record(json::object& record, json::object const& update);

/// The assignment of a creative that a package's record names.
std::optional<assignment> assignment_in(json::object const& record, std::string_view creative_id);

/// The same of a package that may still serve it; nothing if the package, or its media buy, is over. Throws
/// PACKAGE_NOT_FOUND if the buy goes on and does not list the package: it may be listed later.
std::optional<assignment> open_assignment(buy_state const& state, std::string_view package_id,
                                          std::string_view creative_id, instant now);

/// How and when an update cancels, for the record.
json::object cancellation(json::object const& request, instant now);

/// The record of a buy after an update: its revision is the next one, and it names who made it so (`key`, the digest of
/// the idempotency key). Written last, unless the update cancels the buy.
json::object updated_record(buy_state const& state, std::string const& key);

/// Whether this update, in an earlier attempt, was the last one to be written down.
bool is_updated_by(buy_state const& state, std::string const& key);

/// Whether there is nothing left to do of an update: it is written down, and if it cancels the buy that is canceled.
/// One that is gone on with does not mind who canceled it.
bool is_done(json::object const& request, buy_state const& state, std::string const& key, bool resumed);

/// The packages that an update names; all that are live if it is about the whole buy.
std::vector<std::string> affected_packages(json::object const& request, buy_state const& state);

/// What is left of an update that is gone on with, since its packages that were to be canceled may be, and the buyer's
/// revision was right when it began.
json::object what_is_left(json::object request, buy_state const& state);

/// Throws CONFLICT, which is final, when somebody has changed the buy since an update began at that revision: what the
/// other one asked for later must not be overwritten.
void require_unchanged_since(buy_state const& state, std::int64_t revision, std::string const& key);

/// Throws unless a buy of that status may be changed so: NOT_CANCELLABLE, INVALID_STATE; CONFLICT when the buyer's
/// revision is not the current one; UNSUPPORTED_FEATURE for packages to be added.
void require_updatable(buy_state const& state, json::object const& request);

}  // namespace tenon::sales
