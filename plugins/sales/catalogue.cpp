#include "catalogue.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <cctype>

namespace tenon::sales {
namespace {

[[noreturn]] void misconfigured(std::string const& what) { throw sdk::errors::configuration_error(what); }

std::optional<money> price_at(json::object const& option, std::string_view key, std::string const& path) {
  auto const amount = number_at(option, key, path);
  if (!amount) {
    return std::nullopt;
  }
  auto const value = money_from(*amount);
  if (!value || value->micros < 0) {
    misconfigured(path_of(path, key) + " is not a price");
  }
  return value;
}

pricing_option read_option(json::object const& source, std::string const& path) {
  pricing_option option;
  option.id = required_text(source, "pricing_option_id", path);
  auto const model_name = required_text(source, "pricing_model", path);
  auto const model = pricing_model_from(model_name);
  if (!model) {
    misconfigured(path + ".pricing_model \"" + model_name + "\": expected cpm, vcpm, cpc or flat_rate");
  }
  option.model = *model;
  option.currency = required_text(source, "currency", path);
  option.fixed = price_at(source, "rate", path);
  option.floor = price_at(source, "floor", path);
  option.minimum_spend = price_at(source, "min_spend", path);
  if (option.fixed && option.floor) {
    misconfigured(path + " has both rate and floor: a fixed price has a rate, an auction a floor");
  }
  if (!option.fixed && option.model == pricing_model::flat_rate) {
    misconfigured(path + " is flat_rate without a rate");
  }
  return option;
}

format read_format(json::object const& source, std::string const& path) {
  format item;
  item.agent_url = required_text(source, "agent_url", path);
  item.id = required_text(source, "id", path);
  item.width = static_cast<int>(integer_at(source, "width", path).value_or(0));
  item.height = static_cast<int>(integer_at(source, "height", path).value_or(0));
  item.duration_ms = static_cast<int>(integer_at(source, "duration_ms", path).value_or(0));
  if (item.width <= 0 || item.height <= 0) {
    auto const named = size_in_name(item.id);
    if (!named) {
      misconfigured(path + " \"" + item.id + "\" has no width and height, and its id names no size");
    }
    item.width = named->first;
    item.height = named->second;
  }
  return item;
}

product read_product(json::object const& source, std::string const& path) {
  product item;
  item.id = required_text(source, "product_id", path);
  item.name = text_at(source, "name", path).value_or(item.id);
  item.description = text_at(source, "description", path).value_or(item.name);
  auto const delivery = required_text(source, "delivery_type", path);
  if (delivery != "guaranteed" && delivery != "non_guaranteed") {
    misconfigured(path + ".delivery_type \"" + delivery + "\": expected guaranteed or non_guaranteed");
  }
  item.guaranteed = delivery == "guaranteed";
  for (auto const& channel : upstream_array(source, "channels")) {
    item.channels.push_back(as_text(channel, path + ".channels"));
  }
  auto const formats = upstream_array(source, "format_ids");
  for (std::size_t i = 0; i < formats.size(); ++i) {
    auto const where = path_of(path + ".format_ids", i);
    item.formats.push_back(read_format(as_object(formats[i], where), where));
  }
  auto const options = upstream_array(source, "pricing_options");
  for (std::size_t i = 0; i < options.size(); ++i) {
    auto const where = path_of(path + ".pricing_options", i);
    item.pricing.push_back(read_option(as_object(options[i], where), where));
  }
  if (item.formats.empty() || item.pricing.empty()) {
    misconfigured(path + " needs at least one of format_ids and of pricing_options");
  }
  item.source = source;
  return item;
}

json::object describe_option(pricing_option const& option) {
  json::object out{
      {"pricing_option_id", option.id}, {"pricing_model", name_of(option.model)}, {"currency", option.currency}};
  if (option.fixed) {
    out["fixed_price"] = amount_of(*option.fixed);
  }
  if (option.floor) {
    out["floor_price"] = amount_of(*option.floor);
  }
  if (option.minimum_spend) {
    out["min_spend_per_package"] = amount_of(*option.minimum_spend);
  }
  return out;
}

}  // namespace

pricing_option const* product::price(std::string_view option_id) const {
  auto const found =
      std::find_if(pricing.begin(), pricing.end(), [&](auto const& option) { return option.id == option_id; });
  return found == pricing.end() ? nullptr : &*found;
}

catalogue::catalogue(json::object const& settings, std::string measured_by)
    : publisher_domain_(text_at(settings, "publisher_domain").value_or("publisher.example")),
      timezone_(text_at(settings, "timezone").value_or("UTC")),
      measured_by_(std::move(measured_by)) {
  auto const listed = upstream_array(settings, "products");
  try {
    for (std::size_t i = 0; i < listed.size(); ++i) {
      auto const path = path_of("products", i);
      auto item = read_product(as_object(listed[i], path), path);
      if (find(item.id) != nullptr) {
        misconfigured(path + ".product_id \"" + item.id + "\" is taken by an earlier product");
      }
      products_.push_back(std::move(item));
    }
  } catch (sdk::error const& fault) {
    // A member of the wrong type is a mistake of the seller here, not of a buyer.
    if (fault.code() == "CONFIGURATION_ERROR") {
      throw;
    }
    misconfigured(fault.what());
  }
}

product const* catalogue::find(std::string_view product_id) const {
  auto const found =
      std::find_if(products_.begin(), products_.end(), [&](auto const& item) { return item.id == product_id; });
  return found == products_.end() ? nullptr : &*found;
}

format const* catalogue::find_format(std::string_view format_id) const {
  for (auto const& item : products_) {
    for (auto const& accepted : item.formats) {
      if (accepted.id == format_id) {
        return &accepted;
      }
    }
  }
  return nullptr;
}

std::vector<format> catalogue::formats() const {
  std::vector<format> all;
  for (auto const& item : products_) {
    for (auto const& accepted : item.formats) {
      auto const known = std::any_of(all.begin(), all.end(), [&](auto const& other) {
        return other.id == accepted.id && other.agent_url == accepted.agent_url;
      });
      if (!known) {
        all.push_back(accepted);
      }
    }
  }
  return all;
}

json::object catalogue::describe(product const& item) const {
  json::array formats;
  for (auto const& accepted : item.formats) {
    formats.push_back(format_id_of(accepted));
  }
  json::array pricing;
  for (auto const& option : item.pricing) {
    pricing.push_back(describe_option(option));
  }
  json::object property{{"publisher_domain", publisher_domain_}, {"selection_type", "all"}};
  json::object out{{"product_id", item.id},
                   {"name", item.name},
                   {"description", item.description},
                   {"publisher_properties", json::array{std::move(property)}},
                   {"format_ids", std::move(formats)},
                   {"delivery_type", item.guaranteed ? "guaranteed" : "non_guaranteed"},
                   {"pricing_options", std::move(pricing)}};
  if (!item.channels.empty()) {
    out["channels"] = json::array(item.channels.begin(), item.channels.end());
  }
  if (!measured_by_.empty()) out["delivery_measurement"] = json::object{{"provider", measured_by_}};
  out["reporting_capabilities"] = json::object{{"available_reporting_frequencies", json::array{"daily"}},
                                               {"expected_delay_minutes", 240},
                                               {"timezone", timezone_},
                                               {"supports_webhooks", false},
                                               {"available_metrics", json::array{"impressions", "clicks", "spend"}},
                                               {"date_range_support", "date_range"}};
  return out;
}

json::object format_id_of(format const& item) { return {{"agent_url", item.agent_url}, {"id", item.id}}; }

std::optional<std::pair<int, int>> size_in_name(std::string_view name) {
  auto const digit = [&](std::size_t at) {
    return at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) != 0;
  };
  for (std::size_t x = name.find('x'); x != std::string_view::npos; x = name.find('x', x + 1)) {
    std::size_t first = x;
    while (first > 0 && digit(first - 1)) {
      --first;
    }
    std::size_t last = x + 1;
    while (digit(last)) {
      ++last;
    }
    if (first < x && last > x + 1 && x - first <= 5 && last - x <= 6) {
      return std::pair{std::stoi(std::string(name.substr(first, x - first))),
                       std::stoi(std::string(name.substr(x + 1, last - x - 1)))};
    }
  }
  return std::nullopt;
}

}  // namespace tenon::sales
