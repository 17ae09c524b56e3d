#pragma once

#include "buy.hpp"

namespace tenon::sales {

/// What an adapter keeps of a package in the ad server itself, so that nothing is lost with a process: a small JSON
/// text in a free-text field of the line item or flight.
json::object package_record(package_plan const& plan, std::string const& marker);

/// Likewise of the whole buy, at the order or campaign. `key` is the digest of the idempotency key.
json::object buy_record(std::string const& key, instant now);

/// A package as it stands in the ad server.
struct package_state {
  std::string package_id;
  json::object record;
  instant start;
  instant end;
  bool paused = false;
  bool canceled = false;
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

/// The statuses a get_media_buys or delivery request asks for; empty means any.
std::vector<std::string> wanted_statuses(json::object const& request);

/// Applies `bid_price`, `budget` and the like of an update to a record.
void amend_record(json::object& record, json::object const& update);

/// How and when an update cancels, for the record.
json::object cancellation(json::object const& request, instant now);

/// Of an update that is gone on with: whether it is done, since it cancels and the buy is canceled; and what is left of
/// it, since its packages that were to be canceled may be, and the buy is no longer at the buyer's revision.
bool is_canceled_as_asked(json::object const& request, buy_state const& state);
json::object what_is_left(json::object request, buy_state const& state);

/// Throws unless a buy of that status may be changed so: NOT_CANCELLABLE, INVALID_STATE; CONFLICT when the buyer's
/// revision is not the current one; UNSUPPORTED_FEATURE for packages to be added.
void require_updatable(buy_state const& state, json::object const& request);

}  // namespace tenon::sales
