#pragma once

#include "manual_clock.hpp"
#include "sandbox/credentials.hpp"
#include "sandbox/store.hpp"
#include "sandbox/upstreams.hpp"

#include <string>
#include <string_view>

/// A sandbox without a socket: two GAM networks, two Kevel networks, a clock turned by hand.
namespace tenon::testing {

namespace json = boost::json;

/// An answer taken apart.
struct reply {
  unsigned status = 0;
  json::value body = {};
  http::response raw = {};

  /// A member by JSON pointer; fails the test when it is not there.
  const json::value& at(std::string_view pointer) const { return body.at_pointer(pointer); }
  std::string text(std::string_view pointer) const { return std::string(at(pointer).as_string()); }
  /// The reason of a GAM error's ErrorInfo, or "".
  std::string reason() const;
  /// The field of its first violation, or "".
  std::string field() const;
};

class stand {
 public:
  static constexpr std::string_view token_uri = "http://127.0.0.1:1/token";

  stand();

  /// The answer to a request of GAM's network 123456 under a live token, or of Kevel's network "north" below /kevel.
  reply get(std::string_view target);
  reply send(std::string_view method, std::string_view target, const json::value& body = {});
  reply post(std::string_view target, const json::value& body) { return send("POST", target, body); }

  /// Any request at all.
  sandbox::outcome raw(std::string_view method, std::string_view target, http::header_list headers,
                       std::string body = {});

  /// A POST as the client of network 123456 sends it, and what becomes of it on the wire.
  sandbox::outcome raw_post(std::string_view target, const json::value& body);

  /// A token for that network's account, exchanged for a signed assertion.
  std::string token_of(std::string_view network);
  reply exchange(const std::string& assertion);

  /// The claims of a good assertion, to be spoilt.
  json::object claims() const;
  json::object header() const;
  std::string sign(const json::object& header, const json::object& claims, const sandbox::rsa_key& key) const;

  /// `hours` from now in RFC 3339.
  std::string in_hours(int hours) const;
  sandbox::sys_seconds now() const;

  manual_clock clock;
  sandbox::upstreams served{clock};
  std::string kevel_secret;
  std::string bearer;
  http::request last;  ///< what raw() sent

  static const sandbox::service_account& account();        ///< of network 123456
  static const sandbox::service_account& other_account();  ///< of network 789012
};

reply parse(const http::response& answer);

/// Bodies that work, to be sent as they are or spoilt.
json::object order_body(std::string_view name = "Acme Q1");
json::object line_item_body(const stand& at, std::string_view order);
json::object batch(std::string_view member, json::object object, std::string_view parent = "networks/123456");

/// Creates an order and one line item for a 300x250, and gives their names.
struct booking {
  std::string order;
  std::string line_item;
};
booking book(stand& at);
std::string add_creative(stand& at, std::string_view line_item);

}  // namespace tenon::testing
