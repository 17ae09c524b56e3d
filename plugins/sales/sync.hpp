#pragma once

#include "creative.hpp"
#include "retry.hpp"

#include <tenon/sdk/error.hpp>
#include <tenon/sdk/task.hpp>

#include <string>
#include <vector>

namespace tenon::sales {

/// What sync_creatives and list_creatives need of an ad server.
///
/// Errors      sdk::error. One of the seller's or of the moment (CONFIGURATION_ERROR, RATE_LIMITED, ...) fails the
/// whole
///             request; any other fails the creative or the assignment that it is about.
class creative_store {
 public:
  struct stored {
    std::string platform_id;  ///< the ad server's; empty if it has none yet
    std::string action;       ///< created, updated, unchanged
  };

  virtual ~creative_store() = default;

  /// Brings a creative into the library, or says what would be done.
  virtual sdk::task<stored> put(creative item, bool dry_run, deadline until) = 0;

  /// Makes a package serve a creative of the library. `entry` is the assignment as the buyer sent it, at `path`. Throws
  /// no_such_package() unless the package is there for this buyer: see buyer_key().
  virtual sdk::task<void> assign(json::object entry, std::string path, std::string buyer, deadline until) = 0;

  /// The answer of list_creatives.
  virtual sdk::task<json::object> list(json::object request, deadline until) = 0;
};

/// The answer of sync_creatives. Borrowed: both outlive the task.
sdk::task<json::object> sync_creatives(creative_store* library, catalogue const* sold, json::object request,
                                       std::string buyer, deadline until);

/// Which creatives a list_creatives request asks for; every set empty means any.
class creative_filter {
 public:
  explicit creative_filter(json::object const& request);

  /// `listed` is an entry of the answer: its creative_id, status and format_id are looked at.
  bool matches(json::object const& listed) const;

 private:
  std::vector<std::string> ids_;
  std::vector<std::string> statuses_;
  std::vector<std::string> formats_;
};

/// The answer of list_creatives: a page of the matching entries.
json::object creatives_answer(json::object const& request, json::array matching);

}  // namespace tenon::sales
