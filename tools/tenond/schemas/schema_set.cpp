#include "schemas/schema_set.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::tenond::schemas {

namespace json = boost::json;

namespace {

constexpr int deepest_schema = 200;

constexpr std::pair<std::string_view, std::uint8_t> type_names[] = {
    {"null", type_null},       {"boolean", type_boolean},
    {"integer", type_integer}, {"number", type_number | type_integer},
    {"string", type_string},   {"array", type_array},
    {"object", type_object},
};

struct number_keyword {
  std::string_view name;
  std::optional<double> node::*limit;
};

constexpr number_keyword numbers[] = {
    {"minimum", &node::minimum},        {"maximum", &node::maximum},        {"exclusiveMinimum", &node::above},
    {"exclusiveMaximum", &node::below}, {"multipleOf", &node::multiple_of},
};

struct count_keyword {
  std::string_view name;
  count_range node::*range;
  std::size_t count_range::*end;
};

constexpr count_keyword counts[] = {
    {"minLength", &node::length, &count_range::least},      {"maxLength", &node::length, &count_range::most},
    {"minItems", &node::size, &count_range::least},         {"maxItems", &node::size, &count_range::most},
    {"minProperties", &node::members, &count_range::least}, {"maxProperties", &node::members, &count_range::most},
};

/// Thrown through the recursion of a compilation and caught by add(), which makes it a result.
struct unusable {
  std::string why;
};

[[noreturn]] void refuse(std::string_view keyword, std::string_view expected, const json::value& found) {
  throw unusable{"keyword " + std::string(keyword) + ": expected " + std::string(expected) + ", found " +
                 json::serialize(found).substr(0, 80)};
}

std::string_view text_of(std::string_view keyword, const json::value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) refuse(keyword, "a string", value);
  return *text;
}

const json::array& array_of(std::string_view keyword, const json::value& value) {
  const auto* array = value.if_array();
  if (array == nullptr) refuse(keyword, "an array", value);
  return *array;
}

const json::object& object_of(std::string_view keyword, const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) refuse(keyword, "an object", value);
  return *object;
}

double number_of(std::string_view keyword, const json::value& value) {
  if (!value.is_number()) refuse(keyword, "a number", value);
  return value.to_number<double>();
}

std::size_t count_of(std::string_view keyword, const json::value& value) {
  const double number = number_of(keyword, value);
  if (number < 0 || number > 1e15) refuse(keyword, "a count", value);
  return static_cast<std::size_t>(number);
}

bool flag_of(std::string_view keyword, const json::value& value) {
  if (!value.is_bool()) refuse(keyword, "true or false", value);
  return value.get_bool();
}

std::uint8_t type_of(const json::value& value) {
  const auto* found =
      std::ranges::find(type_names, text_of("type", value), &std::pair<std::string_view, std::uint8_t>::first);
  if (found == std::end(type_names)) refuse("type", "a type of draft-07", value);
  return found->second;
}

std::uint8_t types_of(const json::value& value) {
  if (!value.is_array()) return type_of(value);
  std::uint8_t types = 0;
  for (const auto& one : value.get_array()) types = static_cast<std::uint8_t>(types | type_of(one));
  return types;
}

std::vector<std::string_view> texts_of(std::string_view keyword, const json::value& value) {
  std::vector<std::string_view> texts;
  for (const auto& one : array_of(keyword, value)) texts.push_back(text_of(keyword, one));
  return texts;
}

}  // namespace

const node* node::property(std::string_view name) const noexcept {
  const auto found = std::ranges::lower_bound(properties, name, {}, &named_node::name);
  return found == properties.end() || found->name != name ? nullptr : found->schema;
}

/// One add(): goes down a schema and into what it references.
class schema_compiler {
 public:
  using document = schema_set::document;

  explicit schema_compiler(schema_set& into) : set_(into) {}

  const node* at(std::string_view reference, const document* from) {
    const auto hash = reference.find('#');
    const auto path = reference.substr(0, hash);
    const auto& place = path.empty() && from != nullptr ? *from : open(path);
    const auto pointer = hash == std::string_view::npos ? std::string_view() : reference.substr(hash + 1);
    json::error_code failed;
    const auto* value = place.value.find_pointer(pointer, failed);
    if (value == nullptr) throw unusable{"expected a schema at " + std::string(reference) + ", found none"};
    return compile(*value, place);
  }

 private:
  const document& open(std::string_view path) {
    if (const auto found = set_.documents_.find(path); found != set_.documents_.end()) return found->second;
    const auto text = set_.source_(path);
    if (!text) throw unusable{"expected a document " + std::string(path) + ", found none"};
    json::error_code failed;
    auto value = json::parse(*text, failed, {}, {.max_depth = deepest_schema});
    if (failed) throw unusable{"expected JSON in " + std::string(path) + ": " + failed.message()};
    return set_.documents_.emplace(path, document{std::string(path), std::move(value)}).first->second;
  }

  const node* compile(const json::value& schema, const document& from) {
    if (const auto found = set_.compiled_.find(&schema); found != set_.compiled_.end()) return found->second;
    if (++depth_ > deepest_schema) throw unusable{"expected references that end, found a circle at " + from.path};
    const auto* made = make(schema, from);
    --depth_;
    return made;
  }

  const node* make(const json::value& schema, const document& from) {
    const auto* keywords = schema.if_object();
    if (keywords != nullptr) {
      // Draft-07 ignores what stands beside a $ref.
      if (const auto* reference = keywords->if_contains("$ref")) {
        const auto* target = at(text_of("$ref", *reference), &from);
        set_.compiled_.emplace(&schema, target);
        return target;
      }
    } else if (!schema.is_bool()) {
      throw unusable{"expected a schema in " + from.path + ", found " + json::serialize(schema).substr(0, 80)};
    }
    auto& made = set_.nodes_.emplace_back();
    set_.compiled_.emplace(&schema, &made);  // before its parts, which may reference it
    if (keywords == nullptr) {
      made.never = !schema.get_bool();
      return &made;
    }
    for (const auto& keyword : *keywords) {
      if (!read_scalar(made, keyword.key(), keyword.value())) read_nested(made, keyword.key(), keyword.value(), from);
    }
    if (made.tuple.empty()) return &made;
    const auto* rest = keywords->if_contains("additionalItems");
    made.items = rest == nullptr ? nullptr : compile(*rest, from);
    return &made;
  }

  bool read_scalar(node& into, std::string_view keyword, const json::value& value) {
    if (const auto* number = std::ranges::find(numbers, keyword, &number_keyword::name); number != std::end(numbers)) {
      into.*number->limit = number_of(keyword, value);
      if (into.multiple_of && *into.multiple_of <= 0) refuse("multipleOf", "a number above 0", value);
    } else if (const auto* count = std::ranges::find(counts, keyword, &count_keyword::name);
               count != std::end(counts)) {
      into.*count->range.*count->end = count_of(keyword, value);
    } else if (keyword == "type") {
      into.types = types_of(value);
    } else if (keyword == "const") {
      into.constant = &value;
    } else if (keyword == "enum") {
      into.choices = &array_of(keyword, value);
    } else if (keyword == "writeOnly") {
      into.secret = flag_of(keyword, value);
    } else if (keyword == "uniqueItems") {
      into.unique = flag_of(keyword, value);
    } else if (keyword == "required") {
      into.required = texts_of(keyword, value);
    } else if (keyword == "format") {
      into.format = find_format(text_of(keyword, value));
    } else if (keyword == "pattern") {
      into.pattern_text = text_of(keyword, value);
      into.text_pattern = pattern_of(into.pattern_text);
    } else {
      return false;
    }
    return true;
  }

  void read_nested(node& into, std::string_view keyword, const json::value& value, const document& from) {
    if (keyword == "properties") {
      for (const auto& one : object_of(keyword, value))
        into.properties.push_back({one.key(), compile(one.value(), from)});
      std::ranges::sort(into.properties, {}, &named_node::name);
    } else if (keyword == "patternProperties") {
      for (const auto& one : object_of(keyword, value))
        into.pattern_properties.push_back({pattern_of(one.key()), compile(one.value(), from)});
    } else if (keyword == "dependencies") {
      for (const auto& one : object_of(keyword, value)) {
        const bool names = one.value().is_array();
        into.dependencies.push_back({one.key(),
                                     names ? texts_of(keyword, one.value()) : std::vector<std::string_view>(),
                                     names ? nullptr : compile(one.value(), from)});
      }
    } else if (keyword == "items" && value.is_array()) {
      into.tuple = compile_all(keyword, value, from);
    } else if (keyword == "allOf") {
      into.all_of = compile_all(keyword, value, from);
    } else if (keyword == "anyOf") {
      into.any_of = compile_all(keyword, value, from);
    } else if (keyword == "oneOf") {
      into.one_of = compile_all(keyword, value, from);
    } else if (auto* place = part_of(into, keyword)) {
      *place = compile(value, from);
    }
  }

  /// Where the one schema of a keyword is kept; null for what is no keyword of validation.
  static const node** part_of(node& into, std::string_view keyword) {
    if (keyword == "items") return &into.items;
    if (keyword == "contains") return &into.contains;
    if (keyword == "additionalProperties") return &into.additional;
    if (keyword == "propertyNames") return &into.member_names;
    if (keyword == "not") return &into.negated;
    if (keyword == "if") return &into.condition;
    if (keyword == "then") return &into.consequence;
    if (keyword == "else") return &into.alternative;
    return nullptr;
  }

  std::vector<const node*> compile_all(std::string_view keyword, const json::value& value, const document& from) {
    std::vector<const node*> all;
    for (const auto& one : array_of(keyword, value)) all.push_back(compile(one, from));
    return all;
  }

  const pattern* pattern_of(std::string_view text) {
    if (const auto found = set_.patterns_.find(text); found != set_.patterns_.end()) return &found->second;
    auto made = pattern::compile(text);
    if (!made) throw unusable{made.error().operator_detail};
    return &set_.patterns_.emplace(text, std::move(*made)).first->second;
  }

  schema_set& set_;
  int depth_ = 0;
};

result<const node*> schema_set::add(std::string_view reference) {
  try {
    return schema_compiler(*this).at(reference, nullptr);
  } catch (const unusable& found) {
    return make_error("INTERNAL_ERROR", "A schema is unusable.", std::string(reference) + ": " + found.why);
  }
}

}  // namespace tenon::tenond::schemas
