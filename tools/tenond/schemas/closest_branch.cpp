#include "schemas/checker.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::tenond::schemas {

namespace json = boost::json;

namespace {

constexpr int deepest_profile = 8;
constexpr std::size_t most_choices = 12;
constexpr std::size_t most_told = 8;

bool is_discriminator(const node& schema) { return schema.constant != nullptr || schema.choices != nullptr; }

bool agrees(const node& discriminator, const json::value& value) {
  if (discriminator.constant != nullptr) return same(*discriminator.constant, value);
  return std::ranges::any_of(*discriminator.choices, [&value](const json::value& one) { return same(one, value); });
}

std::string choice_text(const json::value& choice) {
  return choice.is_string() ? quoted(choice.get_string()) : json::serialize(choice).substr(0, 80);
}

}  // namespace

closest_branch::fit closest_branch::fit_of(const node& branch, int depth) const {
  fit made;
  made.type = (branch.types & value_.types()) != 0;
  if (depth > deepest_profile) return made;
  const auto add = [&made](const fit& part) {
    made.type = made.type && part.type;
    made.differing += part.differing;
    made.agreeing += part.agreeing;
    made.known += part.known;
  };
  if (value_.object() != nullptr) {
    for (const auto& [name, schema] : branch.properties) {
      const auto* member = value_.object()->if_contains(name);
      if (member == nullptr) continue;
      ++made.known;
      if (is_discriminator(*schema)) ++(agrees(*schema, *member) ? made.agreeing : made.differing);
    }
  }
  for (const auto* part : branch.all_of) add(fit_of(*part, depth + 1));
  for (const auto* choices : {&branch.any_of, &branch.one_of}) {
    if (choices->empty()) continue;
    fit best = fit_of(*choices->front(), depth + 1);
    for (const auto* one : *choices) {
      if (const auto other = fit_of(*one, depth + 1); other.key() > best.key()) best = other;
    }
    add(best);
  }
  return made;
}

const named_node* closest_branch::differing(const node& branch, int depth) const {
  if (value_.object() == nullptr || depth > deepest_profile) return nullptr;
  for (const auto& property : branch.properties) {
    const auto* member = value_.object()->if_contains(property.name);
    if (member != nullptr && is_discriminator(*property.schema) && !agrees(*property.schema, *member)) return &property;
  }
  for (const auto* part : branch.all_of) {
    if (const auto* found = differing(*part, depth + 1)) return found;
  }
  return nullptr;
}

std::optional<finding> closest_branch::fault_of(const node& branch) {
  finding found;
  if (const auto* wrong = differing(branch, 0)) {
    const auto& member = value_.object()->at(wrong->name);
    if (!check_.check(*wrong->schema, member, member_of(at_, wrong->name, wrong->schema->secret), &found)) return found;
  }
  if (check_.check(branch, value_, at_, &found)) return std::nullopt;
  return found;
}

finding closest_branch::among(const std::vector<const node*>& branches, std::string_view keyword) {
  std::vector<fit> fits;
  fits.reserve(branches.size());
  for (const auto* branch : branches) fits.push_back(fit_of(*branch, 0));
  const auto best = std::ranges::max_element(fits, {}, &fit::key)->key();
  std::vector<finding> told;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    if (fits[i].key() != best) continue;
    if (auto fault = fault_of(*branches[i])) told.push_back(std::move(*fault));
  }
  if (told.empty()) return finding_at(at_, keyword, "one of the forms the schema offers", value_.described(at_));
  const auto deepest = std::ranges::max_element(told, {}, &finding::depth);
  std::erase_if(told, [around = deepest->around](const finding& one) { return one.around != around; });
  return in_one(told, keyword);
}

finding closest_branch::in_one(const std::vector<finding>& told, std::string_view keyword) const {
  auto made = told.front();
  std::vector<std::string> expected;
  for (const auto& one : told) {
    if (std::ranges::find(expected, one.expected) == expected.end()) expected.push_back(one.expected);
    if (one.keyword != told.front().keyword) made.keyword = keyword;
    if (one.pointer == told.front().pointer) continue;
    // Different members would do: the fault is of the object around them, if that is this one.
    const auto here = finding_at(at_, keyword, {}, {});
    if (here.pointer == one.around) made.pointer = here.pointer, made.field = here.field;
  }
  if (expected.size() > most_told) {
    const auto more = expected.size() - most_told;
    expected.resize(most_told);
    expected.push_back(std::to_string(more) + " more");
  }
  made.expected = joined(expected, " or ");
  return made;
}

std::string joined(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last : std::string_view(", ");
    text += words[i];
  }
  return text;
}

std::string types_text(std::uint8_t types) {
  if ((types & type_number) != 0) types = static_cast<std::uint8_t>(types & ~type_integer);
  constexpr std::pair<std::uint8_t, std::string_view> names[] = {
      {type_object, "an object"}, {type_array, "an array"},     {type_string, "a string"},
      {type_number, "a number"},  {type_integer, "an integer"}, {type_boolean, "true or false"},
      {type_null, "null"},
  };
  std::vector<std::string> words;
  for (const auto& [bit, name] : names) {
    if ((types & bit) != 0) words.emplace_back(name);
  }
  return joined(words, " or ");
}

std::string choices_text(const node& schema) {
  if (schema.constant != nullptr) return choice_text(*schema.constant);
  std::vector<std::string> words;
  for (const auto& choice : *schema.choices) {
    if (words.size() == most_choices) {
      words.push_back(std::to_string(schema.choices->size() - most_choices) + " more");
      break;
    }
    words.push_back(choice_text(choice));
  }
  return joined(words, " or ");
}

std::string members_text(const std::vector<std::string_view>& names) {
  std::vector<std::string> words;
  words.reserve(names.size());
  for (const auto name : names) words.push_back(quoted(name));
  return (names.size() == 1 ? "member " : "members ") + joined(words, " and ");
}

}  // namespace tenon::tenond::schemas
