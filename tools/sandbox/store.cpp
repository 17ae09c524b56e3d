#include "sandbox/store.hpp"

#include <algorithm>

namespace tenon::sandbox {

record& table::add(std::string key, json::object fields) {
  const auto place = next_++;
  changes_.written.insert(place);
  places_.emplace(key, place);
  return records_.emplace(place, record{.key = std::move(key), .fields = std::move(fields)}).first->second;
}

record* table::find(std::string_view key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return nullptr;
  changes_.written.insert(place->second);
  return &records_.at(place->second);
}

void table::restore(std::uint64_t place, record kept) {
  places_.emplace(kept.key, place);
  records_.emplace(place, std::move(kept));
  next_ = std::max(next_, place + 1);
}

const record* table::find(std::string_view key) const {
  const auto place = places_.find(key);
  return place == places_.end() ? nullptr : &records_.at(place->second);
}

void table::erase(std::string_view key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return;
  changes_.written.erase(place->second);
  changes_.erased.insert(place->second);
  records_.erase(place->second);
  places_.erase(place);
}

void table::each(const std::function<void(const record&)>& visit) const {
  for (const auto& [place, held] : records_) visit(held);
}

void table::each_below(std::string_view prefix, const std::function<void(const record&)>& visit) const {
  for (auto at = places_.lower_bound(prefix); at != places_.end() && at->first.starts_with(prefix); ++at)
    visit(records_.at(at->second));
}

table& table_of(store& all, std::string_view name) {
  const auto found = all.find(name);
  return found != all.end() ? found->second : all.emplace(std::string(name), table()).first->second;
}

const record* find(const store& all, std::string_view name, std::string_view key) {
  const auto found = all.find(name);
  return found == all.end() ? nullptr : found->second.find(key);
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::int64_t integer_of(const json::object& object, std::string_view name, std::int64_t missing) {
  const auto* value = object.if_contains(name);
  if (!value) return missing;
  if (value->is_string()) return parse_integer(value->get_string()).value_or(missing);
  boost::system::error_code inexact;
  const auto number = value->to_number<std::int64_t>(inexact);
  return inexact ? missing : number;
}

double number_of(const json::object& object, std::string_view name, double missing) {
  const auto* value = object.if_contains(name);
  return value && value->is_number() ? value->to_number<double>() : missing;
}

bool flag_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_bool() && value->get_bool();
}

const json::object& object_of(const json::object& object, std::string_view name) {
  static const json::object none;
  const auto* value = object.if_contains(name);
  return value && value->is_object() ? value->get_object() : none;
}

const json::array& array_of(const json::object& object, std::string_view name) {
  static const json::array none;
  const auto* value = object.if_contains(name);
  return value && value->is_array() ? value->get_array() : none;
}

}  // namespace tenon::sandbox
