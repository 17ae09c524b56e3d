#pragma once

#include "errors.hpp"
#include "settings.hpp"
#include "token.hpp"

#include "../sales/retry.hpp"

namespace tenon::gam {

namespace json = sdk::json;

/// Ad Manager's REST API v1 for one network: authenticated, patient, and with its refusals as AdCP errors.
///
/// Paths are below the network ("orders:batchCreate") or full resource names ("networks/1/orders/2").
///
/// Lifetime    A member of the platform; outlives every task it made.
/// Threads     Those of the platform, one at a time.
/// Errors      sdk::error for refusals. outcome_unknown for a write that may have taken effect.
class client {
 public:
  client(sdk::platform_context context, gam_settings const& settings);

  sdk::task<json::object> get(std::string path, subject about, sales::deadline until);

  /// Every item of a list, page by page. `filter` may be empty; `member` is the list's name in the answers.
  sdk::task<json::array> list(std::string path, std::string member, std::string filter, subject about,
                              sales::deadline until);

  /// The same while the platform is made: it waits for turns and between attempts no longer than a handshake may.
  sdk::task<json::object> get_in_handshake(std::string path, subject about);

  /// POST or PATCH.
  sdk::task<json::object> write(std::string method, std::string path, json::object body, subject about,
                                sales::deadline until);

  /// What the next platform of this network can use: see token_source.
  json::object hand_over() const { return tokens_.hand_over(); }

  gam_settings const& settings() const { return settings_; }
  sdk::platform_context const& context() const { return context_; }
  sales::instant now() const { return std::chrono::floor<std::chrono::seconds>(context_.time().wall()); }

 private:
  sdk::task<json::object> exchange(std::string method, std::string path, std::string body, subject about,
                                   sales::deadline until, sales::bounded by_deadline);
  std::string url_of(std::string const& path) const;

  sdk::platform_context context_;
  gam_settings const& settings_;
  token_source tokens_;
};

/// `name = "value"` as the list filter grammar has it, the value quoted and escaped.
std::string equals(std::string_view name, std::string_view value);

/// "networks/1/orders/2" -> "2".
std::string last_segment(std::string_view resource);

}  // namespace tenon::gam
