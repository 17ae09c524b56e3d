#pragma once

#include "campaigns.hpp"

#include "../sales/creative.hpp"
#include "../sales/sync.hpp"

#include <map>

namespace tenon::kevel {

/// A creative to be served by a flight.
struct association {
  std::int64_t creative_id = 0;
  std::optional<double> weight;
};

/// The numbers of the creatives that a request has seen, by creative_id; of all that there are, once they were listed.
struct seen_creatives {
  std::map<std::string, std::int64_t> ids;
  bool listed = false;
};

/// The advertiser's creatives, and the ads that tie them to flights. A creative's Title is the buyer's creative_id,
/// which is how it is found again.
class creative_library final : public sales::creative_store {
 public:
  creative_library(client& api, campaign_book& campaigns, sales::awaited_creatives& awaited)
      : api_(api), campaigns_(campaigns), awaited_(awaited) {}

  /// The creative of that id, or an empty object.
  sdk::task<json::object> find(std::string creative_id, sales::deadline until);

  /// Its number. CREATIVE_NOT_FOUND with `path` if there is none.
  sdk::task<std::int64_t> require(std::string creative_id, std::string path, sales::deadline until);

  /// What upload() did to the library.
  struct uploaded {
    std::int64_t id = 0;
    std::string action;  ///< created, updated, unchanged
  };

  /// Creates the creative, or brings the one of its id up to date. A write of unknown outcome is looked up, not
  /// repeated.
  sdk::task<uploaded> upload(sales::creative item, bool dry_run, sales::deadline until);

  /// Makes the flight serve these creatives beside those it serves; with `only`, instead of them.
  sdk::task<void> associate(std::int64_t flight_id, std::int64_t campaign_id, std::vector<association> wanted,
                            bool only, sales::deadline until);

  /// The creatives of a package: those it names, except for those that are not there yet and go to `absent`, each once,
  /// and those it brings, uploaded. The library is listed unless it is in `seen`. Borrowed: `absent` and `seen` outlive
  /// the task.
  sdk::task<std::vector<association>> gather(std::vector<sales::assignment> assignments,
                                             std::vector<sales::creative> inlined, std::vector<std::string>* absent,
                                             seen_creatives* seen, sales::deadline until);

  // sync_creatives and list_creatives
  sdk::task<stored> put(sales::creative item, bool dry_run, sales::deadline until) override;
  sdk::task<void> assign(json::object entry, std::string path, std::string buyer, sales::deadline until) override;
  sales::awaited_creatives* awaited() override { return &awaited_; }
  bool assigns_together() const override { return true; }  // shares are of all that are there, whoever sent them
  sdk::task<std::set<std::string>> known(std::vector<std::string> creative_ids, sales::deadline until) override;
  sdk::task<bool> attach(sales::awaited_creative const* entry, std::string buyer, sales::deadline until) override;
  sdk::task<json::object> list(json::object request, sales::deadline until) override;

 private:
  sdk::task<json::array> all(sales::deadline until);
  sdk::task<void> look(seen_creatives* seen, sales::deadline until);
  sdk::task<json::object> creative_json(sales::creative item, sales::deadline until);
  sdk::task<void> learn_ad_types(sales::deadline until);
  sdk::task<std::int64_t> ad_type(int width, int height, sales::deadline until);
  json::object listed(json::object const& creative) const;

  client& api_;
  campaign_book& campaigns_;
  sales::awaited_creatives& awaited_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> ad_types_;  ///< by width and height
};

/// Weights as whole percentages that make a hundred; empty if there are none. Throws UNSUPPORTED_FEATURE when only some
/// have one above 0.
std::vector<int> percentages_of(std::vector<association> const& wanted);

/// Throws likewise for all that a package is to serve, some of which may not be there yet: what it names and what it
/// brings. What it does both has the weight of its assignment.
void require_shares(std::vector<sales::assignment> const& assignments, std::vector<sales::creative> const& inlined);

}  // namespace tenon::kevel
