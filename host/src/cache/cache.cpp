// Instantiates what the cache's headers declare, so that they are compiled, and checked, as they stand.
#include "cache/loading_cache.hpp"

#include <memory>

namespace tenon {

template class cache_lease<std::shared_ptr<int>>;
template class platform_cache<std::shared_ptr<int>>;
template class loading_cache<std::shared_ptr<int>>;

}  // namespace tenon
