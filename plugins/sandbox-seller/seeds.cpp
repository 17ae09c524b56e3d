#include "seeds.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox_seller {
namespace {

constexpr std::string_view agent_url = "https://creative.adcontextprotocol.org";

/// Tests say "video" and mean video outside of a stream's page (AdCP's channels have no such word).
std::string_view channel_from(std::string_view said) { return said == "video" ? "olv" : said; }

json::object format_from(json::object const& said) {
  auto const id = sales::upstream_text(said, "id");
  json::object made{{"agent_url", agent_url}, {"id", id}};
  for (auto const* member : {"agent_url", "width", "height", "duration_ms"}) {
    if (auto const* value = sales::find(said, member)) {
      made[member] = *value;
    }
  }
  auto const sized = sales::find(made, "width") != nullptr && sales::find(made, "height") != nullptr;
  if (!sized && !sales::size_in_name(id)) {
    auto const video = id.find("video") != std::string::npos;
    made["width"] = video ? 640 : 300;
    made["height"] = video ? 360 : 250;
  }
  return made;
}

}  // namespace

json::object& seeds::part(std::string_view name) {
  auto& found = document_[name];
  if (!found.is_object()) {
    found = json::object();
  }
  return found.get_object();
}

void seeds::add_product(std::string const& id, json::object const& fixture) {
  json::array channels;
  for (auto const& each : sales::upstream_array(fixture, "channels")) {
    if (each.is_string()) {
      channels.push_back(json::value(channel_from(each.get_string())));
    }
  }
  json::array formats;
  for (auto const& each : sales::upstream_array(fixture, "format_ids")) {
    if (each.is_object() && !sales::upstream_text(each.get_object(), "id").empty()) {
      formats.push_back(format_from(each.get_object()));
    }
  }
  if (formats.empty()) {
    formats.push_back(format_from({{"id", "display_300x250"}}));
  }
  auto const delivery = sales::upstream_text(fixture, "delivery_type");
  json::object made{{"product_id", id},
                    {"delivery_type", delivery == "non_guaranteed" ? delivery : "guaranteed"},
                    {"format_ids", std::move(formats)},
                    {"channels", std::move(channels)}};
  for (auto const* member : {"name", "description"}) {
    if (auto const text = sales::upstream_text(fixture, member); !text.empty()) {
      made[member] = text;
    }
  }
  auto& products = part("products");
  if (auto const* before = products.if_contains(id)) {
    made["pricing_options"] = sales::upstream_array(before->as_object(), "pricing_options");
  }
  products[id] = std::move(made);
  for (auto const& each : sales::upstream_array(fixture, "pricing_options")) {
    if (each.is_object()) {
      add_pricing_option(id, sales::upstream_text(each.get_object(), "pricing_option_id"), each.get_object());
    }
  }
}

void seeds::add_pricing_option(std::string const& product_id, std::string const& id, json::object const& fixture) {
  auto const said = [&](std::string_view key, std::string_view otherwise) {
    auto const text = sales::upstream_text(fixture, key);
    return text.empty() ? std::string(otherwise) : text;
  };
  json::object made{{"pricing_option_id", id},
                    {"pricing_model", said("pricing_model", "cpm")},
                    {"currency", said("currency", "USD")}};
  constexpr std::array<std::pair<const char*, const char*>, 3> renamed{
      {{"fixed_price", "rate"}, {"floor_price", "floor"}, {"min_spend_per_package", "min_spend"}}};
  for (auto const& [theirs, ours] : renamed) {
    if (auto const* value = sales::find(fixture, theirs)) {
      made[ours] = *value;
    }
  }
  if (!part("products").contains(product_id)) {
    add_product(product_id, {});
  }
  auto& product = part("products").at(product_id).as_object();
  auto options = sales::upstream_array(product, "pricing_options");
  auto const same = [&](json::value const& each) {
    return sales::upstream_text(each.as_object(), "pricing_option_id") == id;
  };
  options.erase(std::remove_if(options.begin(), options.end(), same), options.end());
  options.push_back(std::move(made));
  product["pricing_options"] = std::move(options);
}

void seeds::add_format(std::string const& id, json::object const& fixture) {
  auto const name = sales::upstream_text(fixture, "name");
  part("formats")[id] = json::object{{"format_id", json::object{{"agent_url", agent_url}, {"id", id}}},
                                     {"name", name.empty() ? id : name}};
}

void seeds::answer_next_buy(std::string const& buyer, std::string const& task_id, std::string const& message) {
  part("next_buy")[buyer] = json::object{{"task_id", task_id}, {"message", message}};
}

bool seeds::answers_next_buy(std::string const& buyer) const {
  return sales::upstream_object(document_, "next_buy").contains(buyer);
}

std::optional<json::object> seeds::take_next_buy(std::string const& buyer) {
  auto& all = part("next_buy");
  auto const said = sales::upstream_object(all, buyer);
  all.erase(buyer);
  return said.empty() ? std::nullopt : std::optional(said);
}

json::object seeds::merged(json::object const& settings) const {
  auto const seeded = sales::upstream_object(document_, "products");
  json::array products;
  for (auto const& each : sales::upstream_array(settings, "products")) {
    if (!each.is_object() || !seeded.contains(sales::upstream_text(each.get_object(), "product_id"))) {
      products.push_back(each);
    }
  }
  for (auto const& [id, product] : seeded) {
    if (!sales::upstream_array(product.as_object(), "pricing_options").empty()) {
      products.push_back(product);
    }
  }
  auto made = settings;
  made["products"] = std::move(products);
  return made;
}

json::array seeds::formats() const {
  json::array all;
  for (auto const& [id, format] : sales::upstream_object(document_, "formats")) {
    all.push_back(format);
  }
  return all;
}

}  // namespace tenon::sandbox_seller
