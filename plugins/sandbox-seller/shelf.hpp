#pragma once

#include "buy_document.hpp"
#include "proposal_book.hpp"
#include "seeds.hpp"

#include "../sales/seller.hpp"

#include <functional>

namespace tenon::sandbox_seller {

/// Where buys, creatives and proposals are kept: in the host's store, under "buy/ID", "creative/ID" and
/// "proposals/BUYER".
///
/// Lifetime    A member of the platform; outlives every task it made.
/// Threads     Those of the platform, one at a time. Two platforms of a tenant, or two hosts, may write at once: each
///             write names the version that it changes, and is tried again when that is no longer the last.
/// Errors      sdk::error.
class shelf final : public sales::creative_store {
 public:
  explicit shelf(sdk::platform_context context) : context_(std::move(context)) {}

  /// What the store knows media buys by: see sales::list_buys().
  struct kept_buy {
    buy_document buy;
    sales::buy_state state;
    std::uint64_t version;
  };
  using booked_buy = kept_buy;

  /// As load(); nothing: there is none for this buyer.
  sdk::task<std::optional<kept_buy>> look(std::string media_buy_id, std::string buyer);
  sdk::task<kept_buy> load(std::string media_buy_id, std::string buyer, sales::deadline until);
  sdk::task<std::vector<std::string>> all_ids(std::string buyer, sales::deadline until);

  /// Keeps a new buy; one of that id that is there already stays, and is what comes back.
  sdk::task<kept_buy> add(buy_document fresh);

  /// Changes a buy, whoever's it is, until nobody else did meanwhile. CONFLICT when that does not end.
  sdk::task<kept_buy> change(std::string media_buy_id, std::function<void(buy_document&)> how);

  /// What tests have put beside the settings, and the version of it; 0: nothing.
  sdk::task<std::pair<seeds, std::uint64_t>> load_seeds();
  /// Changes them until nobody else did meanwhile. What `how` throws leaves them as they were.
  sdk::task<void> change_seeds(std::function<void(seeds&)> how);
  sdk::task<void> seed_buy(buy_document fresh);
  sdk::task<void> seed_creative(std::string creative_id, json::object fixture, std::string status);

  /// The proposals of a buyer, and the version of them; 0: none yet.
  sdk::task<std::pair<proposal_book, std::uint64_t>> load_proposals(std::string buyer);
  /// Changes them until nobody else did meanwhile; writes nothing if nothing changes. What `how` throws leaves them as
  /// they were.
  sdk::task<void> change_proposals(std::string buyer, std::function<void(proposal_book&)> how);

  /// Nothing: there is none.
  sdk::task<std::optional<std::string>> creative_status(std::string creative_id);
  sdk::task<void> set_creative_status(std::string creative_id, std::string status);

  /// CREATIVE_NOT_FOUND.
  sdk::task<void> require(std::string creative_id, std::string path);

  sdk::task<stored> put(sales::creative item, bool dry_run, sales::deadline until) override;
  sdk::task<void> assign(json::object entry, std::string path, std::string buyer, sales::deadline until) override;
  sdk::task<json::object> list(json::object request, sales::deadline until) override;

  sales::instant now() const { return std::chrono::floor<std::chrono::seconds>(context_.time().wall()); }
  sdk::platform_context const& context() const { return context_; }

  /// As sales::report_delivery() asks.
  sdk::task<sales::buy_delivery> measure(kept_buy kept, sales::reporting_period period, sales::deadline until);

 private:
  /// False: what is there is of another version.
  sdk::task<bool> replace(std::string key, std::string value, std::uint64_t version);

  sdk::task<kept_buy> find(std::string media_buy_id);

  sdk::platform_context context_;
};

}  // namespace tenon::sandbox_seller
