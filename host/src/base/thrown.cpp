#include "base/thrown.hpp"

#include <exception>
#include <string>

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

}  // namespace tenon
