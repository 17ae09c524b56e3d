#pragma once

#include <tenon/call.hpp>

#include <memory>
#include <optional>
#include <string>

namespace tenon {

/// What a proposal manager can do besides get_products.
struct proposal_capabilities {
  bool refine = false;
  bool finalize = false;
};

/// Answers discovery for a tenant in the place of its platform.
///
/// Threads     Any, concurrently.
class proposal_manager {
 public:
  proposal_manager() = default;
  proposal_manager(const proposal_manager&) = delete;
  proposal_manager& operator=(const proposal_manager&) = delete;
  virtual ~proposal_manager() = default;

  virtual proposal_capabilities capabilities() const noexcept = 0;

  /// Whether get_products and the calls below may hold their thread.
  virtual bool blocks() const noexcept { return false; }

  virtual void get_products(call_request request, reply_handler done) = 0;

  /// Called only if capabilities().refine. The default is get_products: who declares refine and does not implement it
  /// answers a refinement as a plain query.
  virtual void refine_products(call_request request, reply_handler done);

  /// Called only if capabilities().finalize. The default answers UNSUPPORTED_FEATURE.
  virtual void finalize_proposal(call_request request, reply_handler done);
};

/// Where proposals of one tenant live. A seam: the router only routes to it by identity; what it stores is its owner's
/// business.
class proposal_store {
 public:
  proposal_store() = default;
  proposal_store(const proposal_store&) = delete;
  proposal_store& operator=(const proposal_store&) = delete;
  virtual ~proposal_store() = default;

  /// The stored proposal, a JSON object, or nothing.
  virtual std::optional<std::string> get(const std::string& proposal_id) const = 0;
  virtual void put(const std::string& proposal_id, std::string proposal) = 0;
  virtual void discard(const std::string& proposal_id) = 0;
};

}  // namespace tenon
