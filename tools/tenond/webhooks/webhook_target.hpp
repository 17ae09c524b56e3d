#pragma once

#include "webhooks/address_guard.hpp"

#include <tenon/error.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace tenon::tenond {

/// By what a receiver knows who sent a webhook. The numbers are in files.
enum class webhook_scheme : std::uint8_t { none = 0, bearer = 1, hmac_sha256 = 2 };

/// Where a buyer wants to be told, as he said in `push_notification_config`. A value.
///
/// `url` may, and `token` and `credentials` do carry secrets: none of them goes into a log or a listing; `host` may.
struct webhook_target {
  std::string url;
  std::string host;  ///< of the URL, in lower case
  webhook_reach reach = webhook_reach::outside;
  std::string operation_id = {};  ///< empty: none was given
  std::string token = {};         ///< goes back to the receiver in the payload; empty: none was given
  webhook_scheme scheme = webhook_scheme::none;
  std::string credentials = {};
};

/// Reads and checks a `push_notification_config`; members that it does not know are left alone.
///
/// To the outside: https, a host that is a name (no address, however it is spelled, and no localhost). With
/// `loopback_too` also http and https to localhost and to addresses of loopback. A name is not looked up here: what it
/// resolves to is checked when it is connected to, by may_reach().
///
/// Threads     Any. Pure.
/// Errors      INVALID_REQUEST, its field the member. No message repeats what the buyer sent.
/// Source      AdCP 3.0.6, core/push-notification-config.json.
result<webhook_target> read_webhook_target(const boost::json::object& config, webhook_reach reach);

}  // namespace tenon::tenond
