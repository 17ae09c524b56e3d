#include "platform.hpp"

#include <tenon/sdk/plugin.hpp>

using tenon::gam::gam_platform;

TENON_PLUGIN(gam_platform, get_products, refine_get_products, list_creative_formats, create_media_buy, update_media_buy,
             get_media_buys, get_media_buy_delivery, sync_creatives, list_creatives);
