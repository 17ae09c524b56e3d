#include "discovery.hpp"

#include "overlay.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <charconv>

namespace tenon::sales {
namespace {

using sdk::error;

std::vector<std::string> format_names(json::object const& filters, std::string const& path) {
  std::vector<std::string> names;
  auto const* listed = array_at(filters, "format_ids", path);
  for (std::size_t i = 0; listed != nullptr && i < listed->size(); ++i) {
    auto const where = path_of(path_of(path, "format_ids"), i);
    names.push_back(required_text(as_object((*listed)[i], where), "id", where));
  }
  return names;
}

bool contains(std::vector<std::string> const& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool matches(product const& item, json::object const& filters) {
  if (auto const delivery = text_at(filters, "delivery_type", "filters")) {
    if ((*delivery == "guaranteed") != item.guaranteed) {
      return false;
    }
  }
  if (auto const fixed = flag_at(filters, "is_fixed_price", "filters")) {
    auto const fits = [&](pricing_option const& option) { return option.fixed.has_value() == *fixed; };
    if (std::none_of(item.pricing.begin(), item.pricing.end(), fits)) {
      return false;
    }
  }
  if (auto const names = format_names(filters, "filters"); !names.empty()) {
    auto const fits = [&](format const& offered) { return contains(names, offered.id); };
    if (std::none_of(item.formats.begin(), item.formats.end(), fits)) {
      return false;
    }
  }
  auto const channels = texts_at(filters, "channels", "filters");
  auto const fits = [&](std::string const& channel) { return contains(channels, channel); };
  return channels.empty() || item.channels.empty() || std::any_of(item.channels.begin(), item.channels.end(), fits);
}

// What was asked for in words stays with the buyer's agent; including and leaving out products is done.
json::object acknowledge(json::object const& ask, std::string const& path, std::vector<std::string>& omitted,
                         catalogue const& products) {
  auto const scope = required_text(ask, "scope", path);
  json::object out{{"scope", scope}};
  if (scope == "proposal") {
    out["proposal_id"] = text_at(ask, "proposal_id", path).value_or("");
    out["status"] = "unable";
    out["notes"] = "This seller makes no proposals.";
    return out;
  }
  if (scope == "product") {
    auto const id = required_text(ask, "product_id", path);
    auto const action = text_at(ask, "action", path).value_or("include");
    out["product_id"] = id;
    if (products.find(id) == nullptr) {
      out["status"] = "unable";
      out["notes"] = "There is no such product.";
      return out;
    }
    if (action == "omit") {
      omitted.push_back(id);
      out["status"] = "applied";
      return out;
    }
    if (action == "include" && find(ask, "ask") == nullptr) {
      out["status"] = "applied";
      return out;
    }
  }
  out["status"] = "partial";
  out["notes"] = "The products are listed as they are sold; wishes in words do not change them.";
  return out;
}

json::object describe_format(format const& item) {
  json::object dimensions{{"width", item.width}, {"height", item.height}, {"unit", "px"}};
  json::object render{{"role", "primary"}, {"dimensions", std::move(dimensions)}};
  auto const* asset_type = item.duration_ms > 0 ? "vast" : "image";
  json::object asset{
      {"item_type", "individual"}, {"asset_id", asset_type}, {"asset_type", asset_type}, {"required", true}};
  json::object click{
      {"item_type", "individual"}, {"asset_id", "click_url"}, {"asset_type", "url"}, {"required", false}};
  return {{"format_id", format_id_of(item)},
          {"name", item.id},
          {"renders", json::array{std::move(render)}},
          {"assets", json::array{std::move(asset), std::move(click)}}};
}

}  // namespace

json::object products_answer(json::object const& request, catalogue const& products,
                             std::function<bool(product const&)> const& has_inventory) {
  std::vector<std::string> omitted;
  json::array acknowledged;
  auto const* refine = array_at(request, "refine");
  for (std::size_t i = 0; refine != nullptr && i < refine->size(); ++i) {
    auto const path = path_of("refine", i);
    acknowledged.push_back(acknowledge(as_object((*refine)[i], path), path, omitted, products));
  }
  auto const* filters = object_at(request, "filters");
  json::array offered;
  for (auto const& item : products.products()) {
    if ((filters == nullptr || matches(item, *filters)) && !contains(omitted, item.id) && has_inventory(item)) {
      offered.push_back(products.describe(item));
    }
  }
  json::object out{{"products", std::move(offered)}};
  if (refine != nullptr) {
    out["refinement_applied"] = std::move(acknowledged);
  }
  return out;
}

json::object formats_answer(json::object const& request, catalogue const& products) {
  auto const wanted = format_names(request, {});
  auto all = products.formats();
  std::erase_if(all, [&](format const& item) { return !wanted.empty() && !contains(wanted, item.id); });
  auto const part = read_page(request, all.size());
  json::array formats;
  for (auto i = part.first; i < part.last; ++i) {
    formats.push_back(describe_format(all[i]));
  }
  return {{"formats", std::move(formats)}, {"pagination", part.description}};
}

page read_page(json::object const& request, std::size_t count) {
  constexpr std::int64_t default_size = 50;
  constexpr std::int64_t largest_size = 100;
  page part;
  std::int64_t size = default_size;
  if (auto const* pagination = object_at(request, "pagination")) {
    size = std::clamp<std::int64_t>(integer_at(*pagination, "max_results", "pagination").value_or(default_size), 1,
                                    largest_size);
    if (auto const cursor = text_at(*pagination, "cursor", "pagination")) {
      auto const read = std::from_chars(cursor->data(), cursor->data() + cursor->size(), part.first);
      if (read.ec != std::errc{} || read.ptr != cursor->data() + cursor->size() || part.first > count) {
        throw error("INVALID_REQUEST", "The cursor is not one of this list").field("pagination.cursor");
      }
    }
  }
  part.last = std::min(count, part.first + static_cast<std::size_t>(size));
  part.description["has_more"] = part.last < count;
  if (part.last < count) {
    part.description["cursor"] = std::to_string(part.last);
  }
  return part;
}

}  // namespace tenon::sales
