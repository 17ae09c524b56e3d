// Goal: every keyword of draft-07 decides as the specification says. Method: a table of small schemas, each with values
// that fit and values that do not, among them what implementations are known to get wrong.
#include "mini_schema.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace tenon::tenond::schemas;

namespace {

struct row {
  const char* schema;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

void check(const std::vector<row>& rows) {
  for (const auto& row : rows) {
    const mini_schema schema(row.schema);
    REQUIRE_MESSAGE(schema.compiled().has_value(), row.schema);
    for (const auto* text : row.good) CHECK_MESSAGE(schema.fits(text), row.schema << " " << text);
    for (const auto* text : row.bad) CHECK_FALSE_MESSAGE(schema.fits(text), row.schema << " " << text);
  }
}

}  // namespace

TEST_CASE("keywords of any type") {
  check({
      {"true", {"1", "null"}, {}},
      {"false", {}, {"1", "null", "{}"}},
      {"{}", {"1", "{}"}, {}},
      {R"({"type":"integer"})", {"1", "1.0", "-3", "1e3"}, {"1.5", "\"1\"", "true", "null"}},
      {R"({"type":"number"})", {"1", "1.5", "18446744073709551615"}, {"\"1\"", "false"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"0", "\"true\"", "null"}},
      {R"({"type":"null"})", {"null"}, {"0", "false", "\"\"", "[]"}},
      {R"({"type":["string","null"]})", {"\"\"", "null"}, {"0", "[]", "{}"}},
      {R"({"const":1})", {"1", "1.0"}, {"true", "\"1\"", "2"}},
      {R"({"const":false})", {"false"}, {"0", "null", "[]"}},
      {R"({"const":{"a":[1,{"b":2}]}})", {R"({"a":[1.0,{"b":2}]})"}, {R"({"a":[1,{"b":3}]})", R"({"a":[1]})", "{}"}},
      {R"({"const":{"a":1,"b":2}})", {R"({"b":2,"a":1})"}, {R"({"a":1})", R"({"a":1,"b":2,"c":3})"}},
      {R"({"enum":["a",null,[0]]})", {"\"a\"", "null", "[0]", "[0.0]"}, {"\"b\"", "false", "[false]", "0"}},
      {R"({"const":9007199254740993})", {"9007199254740993"}, {"9007199254740992"}},
  });
}

TEST_CASE("keywords of numbers leave other types alone") {
  check({
      {R"({"minimum":0})", {"0", "0.0", "1", "\"x\"", "null"}, {"-1", "-0.1"}},
      {R"({"maximum":3.5})", {"3.5", "3", "\"x\""}, {"3.6", "4"}},
      {R"({"exclusiveMinimum":0})", {"0.001", "1"}, {"0", "-0.0", "-1"}},
      {R"({"exclusiveMaximum":1})", {"0.999"}, {"1", "2"}},
      {R"({"multipleOf":0.01})", {"0.07", "4.35", "1", "0", "19.99"}, {"0.075", "0.001"}},
      {R"({"multipleOf":0.5})", {"1e308", "-1.5"}, {"0.3"}},
      {R"({"multipleOf":2})", {"4", "-2", "0", "\"x\""}, {"3", "3.5"}},
  });
}

TEST_CASE("keywords of text count code points and leave other types alone") {
  check({
      {R"({"minLength":2})", {"\"ab\"", "\"\u00e9\u00e9\"", "1"}, {"\"a\"", "\"\U0001F600\"", "\"\""}},
      {R"({"maxLength":2})", {"\"\U0001F600\U0001F600\"", "\"\"", "[1,2,3]"}, {"\"abc\""}},
      {R"({"pattern":"^a+$"})", {"\"aa\"", "1", "{}"}, {"\"ab\"", "\"\""}},
      {R"({"pattern":"b"})", {"\"abc\""}, {"\"ac\""}},
      {R"({"format":"date"})", {"\"2026-01-01\"", "1"}, {"\"2026-02-30\""}},
      {R"({"format":"never-heard-of"})", {"\"x\""}, {}},
  });
}

TEST_CASE("keywords of arrays") {
  check({
      {R"({"items":{"type":"string"}})", {"[]", "[\"a\"]", "{}", "1"}, {"[1]", "[\"a\",1]"}},
      {R"({"items":false})", {"[]"}, {"[1]"}},
      {R"({"items":[{"type":"string"},{"type":"number"}]})",
       {"[]", "[\"a\"]", "[\"a\",1,null]"},
       {"[1]", "[\"a\",\"b\"]"}},
      {R"({"items":[true],"additionalItems":{"type":"null"}})", {"[1]", "[1,null]"}, {"[1,2]"}},
      {R"({"items":{},"additionalItems":false})", {"[1,2]"}, {}},
      {R"({"minItems":1})", {"[1]", "\"\""}, {"[]"}},
      {R"({"maxItems":1})", {"[]", "[1]"}, {"[1,2]"}},
      {R"({"uniqueItems":true})",
       {"[]", "[1,2]", "[1,true]", "[0,false]", "[\"1\",1]", "[[1],[2]]", R"([{"a":1},{"a":2}])",
        "[[\"a,\"],[\"a\",\"\"]]"},
       {"[1,1]", "[1,1.0]", "[null,2,null]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[1,[2.0]],[1,[2]]]"}},
      {R"({"uniqueItems":false})", {"[1,1]"}, {}},
      {R"({"contains":{"minimum":5}})", {"[1,5]", "[\"x\"]", "{}"}, {"[1]", "[]"}},
      {R"({"contains":false})", {"1"}, {"[]", "[1]"}},
  });
}

TEST_CASE("keywords of objects") {
  check({
      {R"({"properties":{"a":{"type":"string"},"b":false}})",
       {"{}", R"({"a":"x","c":1})", "[]"},
       {R"({"a":1})", R"({"b":1})"}},
      {R"({"required":["a","b"]})", {R"({"a":null,"b":1})", "[]"}, {R"({"a":1})", "{}"}},
      {R"({"required":["__proto__","toString"]})", {R"({"__proto__":1,"toString":1})"}, {"{}"}},
      {R"({"patternProperties":{"^x_":{"type":"number"}}})", {R"({"x_a":1,"y":"s"})"}, {R"({"x_a":"s"})"}},
      {R"({"properties":{"ab":{"maximum":5}},"patternProperties":{"a":{"minimum":3}}})",
       {R"({"ab":4})", R"({"a":9})"},
       {R"({"ab":2})", R"({"ab":6})"}},
      {R"({"properties":{"a":true},"patternProperties":{"^b":true},"additionalProperties":false})",
       {R"({"a":1,"bb":2})"},
       {R"({"c":1})"}},
      {R"({"properties":{"a":true},"additionalProperties":{"type":"string"}})", {R"({"a":1,"c":"x"})"}, {R"({"c":1})"}},
      {R"({"allOf":[{"properties":{"a":true}}],"additionalProperties":false})", {"{}"}, {R"({"a":1})"}},
      {R"({"propertyNames":{"maxLength":2,"pattern":"^a"}})",
       {R"({"a":1,"ab":1})", "{}"},
       {R"({"abc":1})", R"({"b":1})"}},
      {R"({"propertyNames":false})", {"{}", "1"}, {R"({"a":1})"}},
      {R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":1,"c":1})"}},
      {R"({"dependencies":{"a":["b"]}})", {"{}", R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"}},
      {R"({"dependencies":{"a":{"properties":{"b":{"type":"null"}}}}})",
       {R"({"b":1})", R"({"a":1})"},
       {R"({"a":1,"b":1})"}},
      {R"({"dependencies":{"a":false,"b":[]}})", {"{}", R"({"b":1})"}, {R"({"a":1})"}},
  });
}

TEST_CASE("keywords that combine schemas") {
  check({
      {R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"}},
      {R"({"anyOf":[{"type":"string"},{"minimum":2}]})", {"\"x\"", "3", "null"}, {"1"}},
      {R"({"oneOf":[{"minimum":1},{"maximum":3}]})", {"0", "4"}, {"2", "\"both\""}},
      {R"({"not":{"type":"string"}})", {"1"}, {"\"x\""}},
      {R"({"not":{}})", {}, {"1"}},
      {R"({"not":{"not":{"type":"string"}}})", {"\"x\""}, {"1"}},
      {R"({"if":{"minimum":0},"then":{"multipleOf":2},"else":{"minimum":-9}})", {"4", "-1"}, {"3", "-10"}},
      {R"({"if":{"minimum":0}})", {"1", "-1"}, {}},
      {R"({"then":false,"else":false})", {"1"}, {}},
      {R"({"if":false,"then":false})", {"1"}, {}},
      {R"({"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]}})",
       {R"({"a":2})", R"({"a":1,"b":1})", "3"},
       {R"({"a":1})", "{}"}},  // without the member the condition holds
      {R"({"type":"object","discriminator":{"propertyName":"k"},
           "oneOf":[{"properties":{"k":{"const":1}}},{"properties":{"k":{"const":2}}}]})",
       {R"({"k":1})"},
       {R"({"k":3})", "{}"}},
  });
}

TEST_CASE("references reach definitions, themselves and other documents, and hide what stands beside them") {
  check({
      {R"({"definitions":{"t":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/t","maxLength":1}}})",
       {R"({"a":"long"})"},
       {R"({"a":1})"}},
      {R"({"properties":{"next":{"$ref":"#"},"v":{"type":"number"}},"additionalProperties":false})",
       {R"({"next":{"next":{"v":1}}})"},
       {R"({"next":{"next":{"v":"x"}}})", R"({"next":{"w":1}})"}},
      {R"({"definitions":{"a/b":{"x~y":{"type":"null"}}},"items":{"$ref":"#/definitions/a~1b/x~0y"}})",
       {"[null]"},
       {"[1]"}},
      {R"({"properties":{"$ref":{"type":"string"}}})", {R"({"$ref":"x"})"}, {R"({"$ref":1})"}},
      {R"({"enum":[{"$ref":"#"}]})", {R"({"$ref":"#"})"}, {"1"}},
  });
  const mini_schema outside(R"({"items":{"$ref":"/other.json#/definitions/n"}})", "/other.json",
                            R"({"definitions":{"n":{"$ref":"#/definitions/m"},"m":{"type":"number"}}})");
  CHECK(outside.fits("[1]"));
  CHECK_FALSE(outside.fits("[\"x\"]"));
}

TEST_CASE("a schema that cannot be used is an error that says why") {
  struct row {
    const char* schema;
    const char* why;
  };
  const row rows[] = {
      {R"({"$ref":"/none.json"})", "/none.json"},
      {R"({"$ref":"#/definitions/none"})", "found none"},
      {R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"$ref":"#/definitions/a"})",
       "circle"},
      {R"({"type":"text"})", "type of draft-07"},
      {R"({"minLength":-1})", "a count"},
      {R"({"minimum":"1"})", "a number"},
      {R"({"multipleOf":0})", "above 0"},
      {R"({"required":"a"})", "an array"},
      {R"({"properties":[]})", "an object"},
      {R"({"properties":{"a":1}})", "a schema"},
      {R"re({"pattern":"(?=a)"})re", "look-around"},
      {"[", "JSON"},
  };
  for (const auto& row : rows) {
    const mini_schema schema(row.schema);
    REQUIRE_FALSE_MESSAGE(schema.compiled().has_value(), row.schema);
    const auto& detail = schema.compiled().error().operator_detail;
    CHECK_MESSAGE(detail.find(row.why) != std::string::npos, detail);
  }
}
