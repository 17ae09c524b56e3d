#include "sample_settings.hpp"

#include "plugin/manifest.hpp"

#include <string>
#include <vector>

namespace tenon::canary {
namespace {

namespace json = boost::json;

json::object sample_object(const json::object& schema);

std::vector<json::value> samples_of(const json::object& schema, const json::string& name) {
  std::vector<json::value> samples;
  if (const auto* value = schema.if_contains("default")) samples.push_back(*value);
  if (const auto* allowed = schema.if_contains("enum"); allowed && allowed->is_array()) {
    for (const auto& one : allowed->get_array()) samples.push_back(one);
  }
  for (const auto* text : {"canary", "canary-1", "https://canary.invalid", "1", "12345", "12345678", "a", "A", "CANARY",
                           "canary.invalid", "canary@canary.invalid", "en-US", "EUR", "2030-01-01",
                           "2030-01-01T00:00:00Z", "00000000-0000-4000-8000-000000000000", ""}) {
    samples.emplace_back(text);
  }
  if (const auto* least = schema.if_contains("minLength"); least && least->is_number()) {
    const auto length = least->to_number<double>();
    if (length > 0 && length <= 4096) samples.emplace_back(std::string(static_cast<std::size_t>(length), 'a'));
  }
  if (const auto* least = schema.if_contains("minimum")) samples.push_back(*least);
  if (const auto* most = schema.if_contains("maximum")) samples.push_back(*most);
  for (const int number : {1, 0}) samples.emplace_back(number);
  samples.emplace_back(false);
  samples.emplace_back(json::array());
  samples.emplace_back(json::object{{"secret", name}});
  samples.emplace_back(sample_object(schema));
  samples.emplace_back(nullptr);
  return samples;
}

json::object sample_object(const json::object& schema) {
  json::object made;
  const auto* properties = schema.if_contains("properties");
  const auto* required = schema.if_contains("required");
  if (!required || !required->is_array()) return made;
  for (const auto& entry : required->get_array()) {
    if (!entry.is_string()) continue;
    const auto& name = entry.get_string();
    const auto* property = properties && properties->is_object() ? properties->get_object().if_contains(name) : nullptr;
    if (!property || !property->is_object()) {
      made[name] = "canary";
      continue;
    }
    for (auto& sample : samples_of(property->get_object(), name)) {
      const json::object schema_of_one{{"properties", json::object{{name, *property}}}};
      if (!check_settings(schema_of_one, json::object{{name, sample}}).empty()) continue;
      made[name] = std::move(sample);
      break;
    }
  }
  return made;
}

}  // namespace

std::optional<json::object> sample_settings(const json::object& schema) {
  auto made = with_defaults(schema, sample_object(schema));
  if (!check_settings(schema, made).empty()) return std::nullopt;
  return made;
}

}  // namespace tenon::canary
