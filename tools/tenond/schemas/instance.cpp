#include "schemas/instance.hpp"

#include "schemas/finding.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace tenon::tenond::schemas {

namespace json = boost::json;

namespace {

bool same_members(const json::object& left, const json::object& right) {
  if (left.size() != right.size()) return false;
  return std::ranges::all_of(left, [&right](const auto& member) {
    const auto* other = right.if_contains(member.key());
    return other != nullptr && same(member.value(), *other);
  });
}

/// Below this depth members keep the order they were sent in, so that no nesting makes the stack deep.
constexpr int sorted_depth = 64;

/// A text that two values share if, and only if, they are the same.
void append_canonical(std::string& text, const json::value& value, int depth) {
  if (const auto* array = value.if_array(); array != nullptr && depth < sorted_depth) {
    text += '[';
    for (const auto& item : *array) {
      append_canonical(text, item, depth + 1);
      text += ',';
    }
    text += ']';
    return;
  }
  if (const auto* object = value.if_object(); object != nullptr && depth < sorted_depth) {
    std::vector<const json::key_value_pair*> members;
    for (const auto& member : *object) members.push_back(&member);
    std::ranges::sort(members, {}, [](const auto* member) { return std::string_view(member->key()); });
    text += '{';
    for (const auto* member : members) {
      text += json::serialize(json::string(member->key()));
      text += ':';
      append_canonical(text, member->value(), depth + 1);
      text += ',';
    }
    text += '}';
    return;
  }
  const auto* number = value.if_double();
  if (number != nullptr && std::trunc(*number) == *number && std::abs(*number) < 9e15) {
    text += std::to_string(static_cast<std::int64_t>(*number));
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

std::uint8_t instance::types() const noexcept {
  if (object_ != nullptr) return type_object;
  switch (value_->kind()) {
    case json::kind::null: return type_null;
    case json::kind::bool_: return type_boolean;
    case json::kind::int64:
    case json::kind::uint64: return type_integer | type_number;
    case json::kind::double_: {
      const double number = value_->get_double();
      return static_cast<std::uint8_t>(type_number | (std::trunc(number) == number ? type_integer : 0));
    }
    case json::kind::string: return type_string;
    case json::kind::array: return type_array;
    case json::kind::object: break;
  }
  return type_object;
}

bool instance::equals(const json::value& other) const {
  if (value_ != nullptr) return same(*value_, other);
  return other.is_object() && same_members(*object_, other.get_object());
}

std::string instance::described(const place& at) const { return value_ ? describe(*value_, at) : "an object"; }

bool same(const json::value& left, const json::value& right) {
  if (left.is_number() && right.is_number()) {
    if (!left.is_double() && !right.is_double()) return left == right;
    return left.to_number<double>() == right.to_number<double>();
  }
  if (left.kind() != right.kind()) return false;
  if (left.is_object()) return same_members(left.get_object(), right.get_object());
  if (left.is_array()) return std::ranges::equal(left.get_array(), right.get_array(), same);
  return left == right;
}

bool all_different(const json::array& items) {
  std::vector<std::string> texts(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) append_canonical(texts[i], items[i], 0);
  std::ranges::sort(texts);
  return std::ranges::adjacent_find(texts) == texts.end();
}

}  // namespace tenon::tenond::schemas
