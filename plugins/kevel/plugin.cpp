#include "platform.hpp"

#include <tenon/sdk/plugin.hpp>

using tenon::kevel::kevel_platform;

TENON_PLUGIN(kevel_platform, get_products, refine_get_products, list_creative_formats, create_media_buy,
             update_media_buy, get_media_buys, get_media_buy_delivery, sync_creatives, list_creatives);
