#pragma once

#include <tenon/router.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tenon {

/// Whether a get_products request says `"buying_mode": "refine"`. A body that is no JSON object does not.
///
/// Cost        One scan of the bytes; parsed only if they may say so.
bool asks_for_refinement(std::string_view body);

/// The proposal managers and stores of a router, by tenant. Immutable.
///
/// Who answers get_products: a tenant's manager, if it has one, by refine_products() if the buyer asks for
/// refinement and the manager declares and implements it, else by get_products(): a manager that cannot refine
/// answers a refinement as a plain query, as in the contract that we follow. Without a manager the platform answers, a
/// refinement by its own `refine_get_products`; a platform without that refuses it with INVALID_REQUEST on
/// `buying_mode` instead of silently answering a plain query.
class proposal_routes {
 public:
  proposal_routes(proposal_managers managers, proposal_stores stores, proposal_store_factory store_factory);

  /// Stores and a store factory together; a manager that finalizes without a store. In this order.
  std::optional<error> check() const;

  /// A manager or a store whose tenant `is_tenant` does not know.
  std::optional<error> check_orphans(const std::function<bool(const std::string&)>& is_tenant) const;

  bool has_managers() const noexcept { return !managers_.empty(); }
  std::shared_ptr<proposal_manager> manager(std::string_view tenant) const;

  /// The given store; else what the store factory makes, anew each time; else null.
  std::shared_ptr<proposal_store> store(const std::string& tenant) const;

 private:
  proposal_managers managers_;
  proposal_stores stores_;
  proposal_store_factory store_factory_;
};

/// Answers get_products by the tenant's manager.
void start_on_manager(const boost::asio::any_io_executor& blocking, std::shared_ptr<proposal_manager> manager,
                      call_request request, reply_handler done);

}  // namespace tenon
