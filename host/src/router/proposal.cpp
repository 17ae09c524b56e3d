#include <tenon/proposal.hpp>

namespace tenon {
namespace {

error unsupported(const char* what) {
  return make_error("UNSUPPORTED_FEATURE", std::string("This account does not support ") + what + ".",
                    "a proposal manager declares a capability and does not implement it");
}

}  // namespace

void proposal_manager::refine_products(call_request, reply_handler done) { done(unsupported("refining products")); }

void proposal_manager::finalize_proposal(call_request, reply_handler done) {
  done(unsupported("finalizing proposals"));
}

}  // namespace tenon
