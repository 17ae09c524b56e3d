#include "router/outcome.hpp"

namespace tenon {

error not_implemented(std::string_view task, const std::string& tenant) {
  auto detail = "tenant " + tenant + ": the platform has no " + std::string(task);
  if (task == refine_task) {
    auto made = make_error("INVALID_REQUEST", "This account does not refine products.", std::move(detail));
    made.field = "buying_mode";
    made.suggestion = "Ask again with buying_mode \"brief\".";
    return made;
  }
  return make_error("UNSUPPORTED_FEATURE", "This account does not support " + std::string(task) + ".",
                    std::move(detail));
}

}  // namespace tenon
