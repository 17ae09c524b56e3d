#pragma once

#include "seeds.hpp"
#include "shelf.hpp"

namespace tenon::sandbox_seller {

/// comply_test_controller (AdCP 3.0): with it a compliance test puts things into the seller and moves what is there, so
/// that it need not wait for people and for time. Only tenants for tests have it; the server in front sees to that.
///
/// Lifetime    Borrows the shelf, which outlives every task it made.
/// Threads     Those of the platform.
/// Errors      Those of a test are told in the answer: {"success": false, "error", "error_detail"}.
class controller {
 public:
  explicit controller(shelf& of) : shelf_(of) {}

  /// `buyer`: who tests, see sales::buyer_key().
  sdk::task<json::object> run(json::object request, std::string buyer);

 private:
  sdk::task<json::object> seed(std::string scenario, json::object params);
  sdk::task<json::object> seed_entity(std::string scenario, json::object params);
  /// False: there is no such buy.
  sdk::task<bool> change_buy(std::string media_buy_id, std::function<void(buy_document&)> how);
  sdk::task<json::object> force_buy(json::object params);
  sdk::task<json::object> force_creative(json::object params);
  sdk::task<json::object> force_answer(json::object params, std::string buyer);
  sdk::task<json::object> simulate(std::string scenario, json::object params);

  shelf& shelf_;
};

}  // namespace tenon::sandbox_seller
