#include <tenon/proposal.hpp>

#include <utility>

namespace tenon {

void proposal_manager::refine_products(call_request request, reply_handler done) {
  get_products(std::move(request), std::move(done));
}

void proposal_manager::finalize_proposal(call_request, reply_handler done) {
  done(make_error("UNSUPPORTED_FEATURE", "This account does not support finalizing proposals.",
                  "a proposal manager declares finalize and does not implement it"));
}

}  // namespace tenon
