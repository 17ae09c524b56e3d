#pragma once

#include "client.hpp"
#include "creative_json.hpp"
#include "orders.hpp"

#include "../sales/buy.hpp"
#include "../sales/sync.hpp"

#include <map>

namespace tenon::gam {

/// A creative to be served by a line item.
struct association {
  std::string creative;  ///< resource name
  std::optional<double> weight;
};

/// The creatives that a request has looked for, by creative_id: their resource names, empty for one that is not there.
using seen_creatives = std::map<std::string, std::string>;

/// The advertiser's creatives and which line items serve them.
class creative_library final : public sales::creative_store {
 public:
  creative_library(client& api, order_book& orders, sales::awaited_creatives& awaited)
      : api_(api), orders_(orders), awaited_(awaited) {}

  /// The creative of that id, or an empty object.
  sdk::task<json::object> find(std::string creative_id, sales::deadline until);

  /// Its resource name. CREATIVE_NOT_FOUND with `path` if there is none.
  sdk::task<std::string> require(std::string creative_id, std::string path, sales::deadline until);

  /// What upload() did to the library.
  struct uploaded {
    std::string name;
    std::string action;  ///< created, updated, unchanged
  };

  /// Creates the creative, or brings the one of its id up to date. A write of unknown outcome is looked up, not
  /// repeated.
  sdk::task<uploaded> upload(sales::creative item, bool dry_run, sales::deadline until);

  /// Makes the line item serve these creatives beside those it serves; with `only`, instead of them.
  sdk::task<void> associate(std::string line_item, std::vector<association> wanted, bool only, sales::deadline until);

  /// The creatives of a package: those it names, except for those that are not there yet and go to `absent`, each once,
  /// and those it brings, uploaded. What is in `seen` is not looked for again. Borrowed: `absent` and `seen` outlive
  /// the task.
  sdk::task<std::vector<association>> gather(std::vector<sales::assignment> assignments,
                                             std::vector<sales::creative> inlined, std::vector<std::string>* absent,
                                             seen_creatives* seen, sales::deadline until);

  // sync_creatives and list_creatives
  sdk::task<stored> put(sales::creative item, bool dry_run, sales::deadline until) override;
  sdk::task<void> assign(json::object entry, std::string path, std::string buyer, sales::deadline until) override;
  sales::awaited_creatives* awaited() override { return &awaited_; }
  sdk::task<std::set<std::string>> known(std::vector<std::string> creative_ids, sales::deadline until) override;
  sdk::task<bool> attach(sales::awaited_creative const* entry, std::string buyer, sales::deadline until) override;
  sdk::task<json::object> list(json::object request, sales::deadline until) override;

 private:
  sdk::task<json::object> create(json::object wanted, sales::deadline until);

  client& api_;
  order_book& orders_;
  sales::awaited_creatives& awaited_;
};

}  // namespace tenon::gam
