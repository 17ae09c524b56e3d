#include "cache/loading_errors.hpp"

namespace tenon {
namespace {

error unavailable(std::string detail) {
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.", std::move(detail));
}

}  // namespace

error request_cancelled() {
  return make_error("SERVICE_UNAVAILABLE", "The request was cancelled.",
                    "the caller left while the platform was being built");
}

error shutting_down() { return make_error("SERVICE_UNAVAILABLE", "The service is shutting down."); }

error too_many_builds(std::size_t running, std::size_t waiting) {
  return unavailable(std::to_string(running) + " platforms are being built and " + std::to_string(waiting) +
                     " wait for that, which is the limit; see which ad servers are slow, or raise [cache] max_builds");
}

error out_of_memory() noexcept { return {.code = "INTERNAL_ERROR", .message = "Out of memory."}; }

error build_timed_out(const std::string& tenant, std::chrono::nanoseconds limit) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  return unavailable("tenant " + tenant + ": expected its platform to be built within " + std::to_string(milliseconds) +
                     " ms, it was not");
}

error not_kept(const std::string& tenant) {
  return unavailable("tenant " + tenant + ": there was no memory to keep what its build made");
}

error builder_lost_handler(const std::string& tenant) {
  return make_error("INTERNAL_ERROR", "The request could not be served because of an internal error.",
                    "tenant " + tenant + ": the factory dropped its handler without calling it");
}

}  // namespace tenon
