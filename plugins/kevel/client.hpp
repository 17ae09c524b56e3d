#pragma once

#include "errors.hpp"
#include "settings.hpp"

#include "../sales/retry.hpp"

#include <tenon/sdk/context.hpp>

namespace tenon::kevel {

/// Kevel's Management and Reporting API: authenticated by a key that the host adds, patient, and with its refusals as
/// AdCP errors. Paths begin with a slash.
///
/// Lifetime    A member of the platform; outlives every task it made.
/// Threads     Those of the platform, one at a time.
/// Errors      sdk::error for refusals. outcome_unknown for a write that may have taken effect.
class client {
 public:
  client(sdk::platform_context context, kevel_settings const& settings)
      : context_(std::move(context)), settings_(settings) {}

  sdk::task<json::object> get(std::string path, subject about, sales::deadline until);

  /// Every item of a list: pages are read until one is empty, since newer accounts no longer count them.
  sdk::task<json::array> list(std::string path, subject about, sales::deadline until);

  /// The same while the platform is made: it waits for turns and between attempts no longer than a handshake may.
  sdk::task<json::object> get_in_handshake(std::string path, subject about);

  /// POST or PUT.
  sdk::task<json::object> write(std::string method, std::string path, json::object body, subject about,
                                sales::deadline until);

  /// The first page of a search by a form field: POST, but it only reads.
  sdk::task<json::array> search(std::string path, std::string field, std::string value, sales::deadline until);

  kevel_settings const& settings() const { return settings_; }
  sdk::platform_context const& context() const { return context_; }
  sales::instant now() const { return std::chrono::floor<std::chrono::seconds>(context_.time().wall()); }

 private:
  sdk::task<json::object> exchange(sdk::http_request request, bool writes, subject about, sales::deadline until,
                                   sales::bounded by_deadline = sales::bounded::exchanges);

  sdk::platform_context context_;
  kevel_settings const& settings_;
};

}  // namespace tenon::kevel
