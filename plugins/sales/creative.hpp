#pragma once

#include "catalogue.hpp"

namespace tenon::sales {

/// What fits into either ad server's name.
inline constexpr std::size_t longest_creative_id = 255;

/// What a creative is made of, in the terms both ad servers share.
enum class creative_kind { image, markup, vast };

/// A buyer's creative, checked: its members are what an ad server needs to serve it.
struct creative {
  std::string id;
  std::string name;
  json::object format_id;
  creative_kind kind = creative_kind::image;
  int width = 0;
  int height = 0;
  int duration_ms = 0;    ///< vast
  std::string url;        ///< image and vast: where the asset is
  std::string markup;     ///< markup: HTML, scripts wrapped in their element
  std::string click_url;  ///< empty: no landing page was given. Never the asset's own url
  std::string alt_text;
  std::vector<std::string> impression_trackers;
};

/// Reads a creative asset. Throws sdk::error: VALIDATION_ERROR for what is malformed, UNSUPPORTED_FEATURE for an asset
/// neither image, HTML, JavaScript nor VAST by url, CREATIVE_REJECTED when no size can be told.
creative read_creative(json::object const& source, std::string const& path, catalogue const& products);

/// Throws CREATIVE_REJECTED unless the package's product accepts the creative's format, or one of its size.
void require_accepted(creative const& item, product const& sold, std::string const& path);

}  // namespace tenon::sales
