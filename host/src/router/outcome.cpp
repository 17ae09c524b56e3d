#include "router/outcome.hpp"

#include <exception>

namespace tenon {
namespace {

error internal_error(std::string_view thrower, std::string_view found) {
  return make_error("INTERNAL_ERROR", "The request could not be served because of an internal error.",
                    std::string(thrower) + " threw where a result was expected: " + std::string(found));
}

}  // namespace

error error_of_current_exception(std::string_view thrower) {
  try {
    throw;
  } catch (const error_exception& known) {
    return known.value();
  } catch (const std::exception& other) {
    return internal_error(thrower, other.what());
  } catch (...) {
    return internal_error(thrower, "something that is no std::exception");
  }
}

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
