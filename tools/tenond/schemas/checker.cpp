#include "schemas/checker.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::tenond::schemas {

namespace json = boost::json;

namespace {

/// Fills the finding if there is one to fill; `tell` makes it, and is not called otherwise. Always false.
template <class Tell>
bool refuse(finding* out, Tell tell) {
  if (out != nullptr) *out = tell();
  return false;
}

bool is_choice(const node& schema, const instance& value) {
  if (schema.constant != nullptr && !value.equals(*schema.constant)) return false;
  return schema.choices == nullptr ||
         std::ranges::any_of(*schema.choices, [&value](const json::value& choice) { return value.equals(choice); });
}

bool is_multiple(double number, double step) {
  const double times = number / step;
  if (!std::isfinite(times)) return std::fmod(number, step) == 0;
  return std::abs(times - std::round(times)) <= 1e-9 * std::max(1.0, std::abs(times));
}

std::string range_text(const count_range& range, std::string_view noun) {
  if (range.least == range.most) return "exactly " + count_text(range.least, noun);
  if (range.least == 0) return "at most " + count_text(range.most, noun);
  if (range.most == count_range{}.most) return "at least " + count_text(range.least, noun);
  return std::to_string(range.least) + " to " + count_text(range.most, noun);
}

bool within(const count_range& range, std::size_t count) { return range.least <= count && count <= range.most; }

}  // namespace

std::optional<finding> checker::run(const node& schema, const instance& value) {
  const place root;
  finding found;
  const bool fits = check(schema, value, root, &found);
  // A branch that could not be followed to its end tells nothing, so neither does what was made of it.
  if (too_deep_) return finding_at(root, "depth", "a request that is nested less deeply", "one that is deeper");
  return fits ? std::nullopt : std::optional(std::move(found));
}

bool checker::check(const node& schema, const instance& value, const place& at, finding* out) {
  if (depth_ >= deepest) {
    too_deep_ = true;
    return false;
  }
  ++depth_;
  const bool fits = check_here(schema, value, at, out) && check_branches(schema, value, at, out);
  --depth_;
  return fits;
}

bool checker::check_here(const node& schema, const instance& value, const place& at, finding* out) {
  if (schema.never) {
    return refuse(out, [&] { return finding_at(at, "false", "nothing here", value.described(at)); });
  }
  if ((schema.types & value.types()) == 0) {
    return refuse(out, [&] { return finding_at(at, "type", types_text(schema.types), value.described(at)); });
  }
  if (!is_choice(schema, value)) {
    const auto keyword = schema.constant != nullptr ? "const" : "enum";
    return refuse(out, [&] { return finding_at(at, keyword, choices_text(schema), value.described(at)); });
  }
  if (value.object() != nullptr) return check_members(schema, value, at, out);
  if (value.string() != nullptr) return check_text(schema, value, at, out);
  if (value.array() != nullptr) return check_items(schema, value, at, out);
  return !value.number() || check_number(schema, value, at, out);
}

bool checker::check_number(const node& schema, const instance& value, const place& at, finding* out) {
  const double number = value.to_double();
  const auto no = [&](std::string_view keyword, std::string_view bound, double limit) {
    return refuse(out, [&] {
      return finding_at(at, keyword, "a number " + std::string(bound) + ' ' + number_text(limit), value.described(at));
    });
  };
  if (schema.minimum && number < *schema.minimum) return no("minimum", "of at least", *schema.minimum);
  if (schema.maximum && number > *schema.maximum) return no("maximum", "of at most", *schema.maximum);
  if (schema.above && number <= *schema.above) return no("exclusiveMinimum", "above", *schema.above);
  if (schema.below && number >= *schema.below) return no("exclusiveMaximum", "below", *schema.below);
  if (schema.multiple_of && !is_multiple(number, *schema.multiple_of))
    return no("multipleOf", "that is a multiple of", *schema.multiple_of);
  return true;
}

bool checker::check_text(const node& schema, const instance& value, const place& at, finding* out) {
  const std::string_view text = *value.string();
  if (schema.length.least > 0 || schema.length.most < text.size()) {
    const auto length = code_points(text);
    if (!within(schema.length, length)) {
      const auto keyword = length < schema.length.least ? "minLength" : "maxLength";
      return refuse(out, [&] {
        return finding_at(at, keyword, range_text(schema.length, "character"), count_text(length, "character"));
      });
    }
  }
  if (schema.text_pattern != nullptr && !schema.text_pattern->found_in(text)) {
    return refuse(out, [&] {
      return finding_at(at, "pattern", "text that matches " + std::string(schema.pattern_text), value.described(at));
    });
  }
  if (schema.format != nullptr && !schema.format->matches(text)) {
    // The text of a URI that is none may hold a password where nobody looks for one.
    const bool shown = schema.format->name.find("uri") == std::string_view::npos;
    return refuse(out, [&] {
      return finding_at(at, "format", std::string(schema.format->expected), shown ? value.described(at) : "other text");
    });
  }
  return true;
}

bool checker::check_items(const node& schema, const instance& value, const place& at, finding* out) {
  const auto& items = *value.array();
  if (!within(schema.size, items.size())) {
    const auto keyword = items.size() < schema.size.least ? "minItems" : "maxItems";
    return refuse(
        out, [&] { return finding_at(at, keyword, range_text(schema.size, "item"), std::to_string(items.size())); });
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto* item_schema = i < schema.tuple.size() ? schema.tuple[i] : schema.items;
    if (item_schema != nullptr && !check(*item_schema, items[i], item_of(at, i), out)) return false;
  }
  if (schema.unique && !all_different(items)) {
    return refuse(out, [&] { return finding_at(at, "uniqueItems", "items that all differ", "some twice"); });
  }
  const auto fits = [&](const json::value& item) { return check(*schema.contains, item, at, nullptr); };
  if (schema.contains != nullptr && std::ranges::none_of(items, fits)) {
    return refuse(out, [&] { return finding_at(at, "contains", "an item of a certain form", "none"); });
  }
  return true;
}

bool checker::check_members(const node& schema, const instance& value, const place& at, finding* out) {
  const auto& object = *value.object();
  const json::key_value_pair* unknown = nullptr;
  for (const auto& member : object) {
    bool known = false;
    if (!check_member(schema, member, at, known, out)) return false;
    if (known || schema.additional == nullptr) continue;
    if (schema.additional->never) {
      if (unknown == nullptr) unknown = &member;
    } else if (!check(*schema.additional, member.value(), member_of(at, member.key()), out)) {
      return false;
    }
  }
  if (!check_presence(schema, value, at, out)) return false;
  if (unknown != nullptr) {
    return refuse(out, [&] {
      return finding_at(member_of(at, unknown->key()), "additionalProperties", "only members that the schema names",
                        "another one");
    });
  }
  if (!within(schema.members, object.size())) {
    const auto keyword = object.size() < schema.members.least ? "minProperties" : "maxProperties";
    return refuse(out, [&] {
      return finding_at(at, keyword, range_text(schema.members, "member"), std::to_string(object.size()));
    });
  }
  return true;
}

bool checker::check_member(const node& schema, const json::key_value_pair& member, const place& at, bool& known,
                           finding* out) {
  const std::string_view name = member.key();
  if (const auto* own = schema.property(name)) {
    known = true;
    if (!check(*own, member.value(), member_of(at, name, own->secret), out)) return false;
  }
  for (const auto& [names, of_pattern] : schema.pattern_properties) {
    if (!names->found_in(name)) continue;
    known = true;
    if (!check(*of_pattern, member.value(), member_of(at, name, of_pattern->secret), out)) return false;
  }
  if (schema.member_names == nullptr || check(*schema.member_names, json::value(name), member_of(at, name), out))
    return true;
  if (out != nullptr) out->expected = "a member whose name is " + out->expected;
  return false;
}

bool checker::check_presence(const node& schema, const instance& value, const place& at, finding* out) {
  const auto& object = *value.object();
  const auto lacking = [&object](const std::vector<std::string_view>& names) {
    std::vector<std::string_view> absent;
    std::ranges::copy_if(names, std::back_inserter(absent), [&object](auto name) { return !object.contains(name); });
    return absent;
  };
  const auto absent_one = [&object](std::string_view name) { return !object.contains(name); };
  if (std::ranges::any_of(schema.required, absent_one)) {
    return refuse(out, [&] {
      const auto absent = lacking(schema.required);
      return finding_of_missing(at, absent.front(), "required", members_text(absent));
    });
  }
  for (const auto& [name, others, whole] : schema.dependencies) {
    if (!object.contains(name)) continue;
    if (whole != nullptr && !check(*whole, value, at, out)) return false;
    if (std::ranges::none_of(others, absent_one)) continue;
    return refuse(out, [&] {
      const auto absent = lacking(others);
      return finding_of_missing(at, absent.front(), "dependencies",
                                members_text(absent) + " beside " + std::string(name));
    });
  }
  return true;
}

bool checker::check_branches(const node& schema, const instance& value, const place& at, finding* out) {
  const auto fits = [&](const node* branch) { return check(*branch, value, at, nullptr); };
  for (const auto* branch : schema.all_of) {
    if (!check(*branch, value, at, out)) return false;
  }
  if (!schema.any_of.empty() && std::ranges::none_of(schema.any_of, fits))
    return refuse(out, [&] { return closest_branch(*this, value, at).among(schema.any_of, "anyOf"); });
  if (!schema.one_of.empty() && !check_one_of(schema, value, at, out)) return false;
  if (schema.negated != nullptr && fits(schema.negated)) {
    return refuse(out, [&] {
      const auto& ruled_out = *schema.negated;
      const auto expected = ruled_out.constant != nullptr ? "anything but " + choices_text(ruled_out)
                            : !ruled_out.required.empty() ? "not " + members_text(ruled_out.required) + " together"
                            : ruled_out.any_of.empty()    ? std::string("what the schema does not rule out")
                                                          : "none of the members of another form";
      return finding_at(at, "not", expected, value.described(at));
    });
  }
  if (schema.condition == nullptr) return true;
  const auto* then = fits(schema.condition) ? schema.consequence : schema.alternative;
  return then == nullptr || check(*then, value, at, out);
}

bool checker::check_one_of(const node& schema, const instance& value, const place& at, finding* out) {
  std::vector<const node*> fitting;
  std::size_t count = 0;
  for (const auto* branch : schema.one_of) {
    if (!check(*branch, value, at, nullptr)) continue;
    ++count;
    if (out != nullptr) fitting.push_back(branch);
  }
  if (count == 1) return true;
  return refuse(out, [&] {
    if (count == 0) return closest_branch(*this, value, at).among(schema.one_of, "oneOf");
    std::vector<std::string> names;
    names.reserve(fitting.size());
    for (const auto* branch : fitting) names.push_back(branch->required.empty() ? "" : members_text(branch->required));
    const bool telling = std::ranges::find(names, "") == names.end();
    return finding_at(at, "oneOf",
                      telling ? "either " + joined(names, " or ") : "exactly one of the forms the schema offers",
                      telling ? "all of them" : "what fits " + std::to_string(count));
  });
}

}  // namespace tenon::tenond::schemas
