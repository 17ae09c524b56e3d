#include "creative.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>

namespace tenon::sales {
namespace {

void read_link(creative& item, json::object const& asset, std::string const& key, std::string const& path) {
  auto const type = text_at(asset, "url_type", path).value_or("");
  auto url = required_text(asset, "url", path);
  if (type == "tracker_pixel") {
    item.impression_trackers.push_back(std::move(url));
  } else if (type == "tracker_script") {
    throw sdk::error("UNSUPPORTED_FEATURE", "Script trackers cannot be attached to a creative").field(path);
  } else if (type == "clickthrough" || key.find("click") != std::string::npos ||
             key.find("landing") != std::string::npos) {
    item.click_url = std::move(url);
  } else {
    throw sdk::error("VALIDATION_ERROR", "A url asset must say what it is for")
        .field(path_of(path, "url_type"))
        .suggestion("Set url_type to clickthrough or tracker_pixel");
  }
}

// True if the asset is the creative's content, false if it only accompanies it.
bool read_asset(creative& item, json::object const& asset, std::string const& key, std::string const& path) {
  auto const type = required_text(asset, "asset_type", path);
  if (type == "url") {
    read_link(item, asset, key, path);
    return false;
  }
  if (type == "text" || type == "brief") {
    return false;  // accompanies: neither ad server renders it
  }
  if (type == "image") {
    item.kind = creative_kind::image;
    item.url = required_text(asset, "url", path);
    item.width = static_cast<int>(integer_at(asset, "width", path).value_or(0));
    item.height = static_cast<int>(integer_at(asset, "height", path).value_or(0));
    item.alt_text = text_at(asset, "alt_text", path).value_or("");
    return true;
  }
  if (type == "html") {
    item.kind = creative_kind::markup;
    item.markup = required_text(asset, "content", path);
    return true;
  }
  if (type == "javascript") {
    item.kind = creative_kind::markup;
    item.markup = "<script>" + required_text(asset, "content", path) + "</script>";
    return true;
  }
  if (type == "vast" && text_at(asset, "delivery_type", path).value_or("url") == "url") {
    item.kind = creative_kind::vast;
    item.url = required_text(asset, "url", path);
    item.duration_ms = static_cast<int>(integer_at(asset, "duration_ms", path).value_or(0));
    return true;
  }
  throw sdk::error("UNSUPPORTED_FEATURE", "Assets of type " + type + " cannot be trafficked in this form")
      .field(path_of(path, "asset_type"))
      .suggestion("Send an image, html, javascript, or vast asset by url");
}

}  // namespace

creative read_creative(json::object const& source, std::string const& path, catalogue const& products) {
  creative item;
  item.id = required_text(source, "creative_id", path);
  if (item.id.size() > longest_creative_id) {
    throw sdk::error("VALIDATION_ERROR", "creative_id is longer than 255 characters")
        .field(path_of(path, "creative_id"));
  }
  item.name = text_at(source, "name", path).value_or(item.id);
  auto const* format_id = object_at(source, "format_id", path);
  if (format_id == nullptr) {
    throw sdk::error("VALIDATION_ERROR", "format_id is missing").field(path_of(path, "format_id"));
  }
  item.format_id = *format_id;
  auto const format_name = required_text(*format_id, "id", path_of(path, "format_id"));

  auto const* assets = object_at(source, "assets", path);
  bool content = false;
  if (assets != nullptr) {
    for (auto const& [key, asset] : *assets) {
      auto const where = path_of(path_of(path, "assets"), key);
      if (!read_asset(item, as_object(asset, where), key, where)) {
        continue;
      }
      if (content) {
        throw sdk::error("UNSUPPORTED_FEATURE", "Creatives of several assets cannot be trafficked").field(where);
      }
      content = true;
    }
  }
  if (!content) {
    throw sdk::error("CREATIVE_REJECTED", "The creative has no asset that can be served")
        .field(path_of(path, "assets"));
  }

  auto const* known = products.find_format(format_name);
  if (known != nullptr) {
    item.width = known->width;
    item.height = known->height;
    item.duration_ms = item.duration_ms > 0 ? item.duration_ms : known->duration_ms;
  } else if (item.width <= 0 || item.height <= 0) {
    auto const named = size_in_name(format_name);
    if (!named) {
      throw sdk::error("CREATIVE_REJECTED", "The creative's size is unknown")
          .field(path_of(path, "format_id"))
          .suggestion("Use a format from list_creative_formats");
    }
    item.width = named->first;
    item.height = named->second;
  }
  return item;
}

void require_accepted(creative const& item, product const& sold, std::string const& path) {
  auto const name = upstream_text(item.format_id, "id");
  auto const accepted = std::any_of(sold.formats.begin(), sold.formats.end(), [&](format const& offered) {
    return offered.id == name || (offered.width == item.width && offered.height == item.height);
  });
  if (!accepted) {
    throw sdk::error("CREATIVE_REJECTED", "Product " + sold.id + " does not accept format " + name)
        .field(path_of(path, "format_id"));
  }
}

}  // namespace tenon::sales
