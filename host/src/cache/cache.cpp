// Instantiates what the cache's headers declare, so that they are compiled, and checked, as they stand.
#include "cache/platform_cache.hpp"
#include "cache/single_flight.hpp"

#include <memory>

namespace tenon {

template class platform_cache<std::shared_ptr<int>>;
template class cache_lease<std::shared_ptr<int>>;
template class single_flight<int, platform_cache<std::shared_ptr<int>>::build_ticket>;

}  // namespace tenon
