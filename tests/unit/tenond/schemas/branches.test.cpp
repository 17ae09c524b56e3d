// Goal: a fault tells the member, what was expected and what was found, of the branch that was meant, and no secret.
// Method: small schemas as AdCP has them, each fault compared as one line.
#include "mini_schema.hpp"

#include <doctest/doctest.h>

using namespace tenon::tenond::schemas;

TEST_CASE("pointer and field name the place, as far as there is one") {
  const mini_schema schema(R"({"required":["key"],"properties":{"packages":{"items":{"properties":
      {"budget":{"minimum":0},"a/b~c":{"type":"string"}},"required":["budget"]}}}})");
  auto fault = schema.fault_in(R"({"key":1,"packages":[{"budget":1},{"budget":-500.5}]})");
  REQUIRE(fault);
  CHECK(fault->pointer == "/packages/1/budget");
  CHECK(fault->field == "packages[1].budget");
  CHECK(fault->message == "expected a number of at least 0, found -500.5");
  CHECK(fault->keyword == "minimum");

  fault = schema.fault_in(R"({"key":1,"packages":[{"budget":1,"a/b~c":7}]})");
  REQUIRE(fault);
  CHECK(fault->pointer == "/packages/0/a~1b~0c");
  CHECK(fault->field == "packages[0].a/b~c");

  CHECK(line_of(schema.fault_in("{}")) == R"(key required: expected member "key", found none)");
  CHECK(line_of(schema.fault_in(R"({"key":1,"packages":[{}]})")) ==
        R"(packages[0].budget required: expected member "budget", found none)");
  CHECK(schema.fault_in("{}")->pointer == "/key");
}

TEST_CASE("each keyword says what it expected and what was there") {
  struct row {
    const char* schema;
    const char* value;
    const char* line;
  };
  const row rows[] = {
      {R"({"type":["string","null"]})", "3", R"( type: expected a string or null, found 3)"},
      {R"({"type":"number"})", "[1,2]", " type: expected a number, found an array of 2 items"},
      {R"({"type":"string"})", R"({"a":1})", " type: expected a string, found an object"},
      {R"({"enum":["a","b"]})", "\"c\"", R"( enum: expected "a" or "b", found "c")"},
      {R"({"const":5})", "null", " const: expected 5, found null"},
      {R"({"enum":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]})", "0",
       " enum: expected 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 or 2 more, found 0"},
      {R"({"exclusiveMinimum":0})", "0", " exclusiveMinimum: expected a number above 0, found 0"},
      {R"({"multipleOf":0.01})", "0.005", " multipleOf: expected a number that is a multiple of 0.01, found 0.005"},
      {R"({"minLength":16,"maxLength":255})", "\"short\"",
       " minLength: expected 16 to 255 characters, found 5 characters"},
      {R"({"maxLength":1})", "\"ab\"", " maxLength: expected at most 1 character, found 2 characters"},
      {R"({"pattern":"^[A-Z]{2}$"})", "\"usa\"", R"( pattern: expected text that matches ^[A-Z]{2}$, found "usa")"},
      {R"({"format":"date"})", "\"soon\"", R"( format: expected a date such as 2026-01-31, found "soon")"},
      {R"({"minItems":1})", "[]", " minItems: expected at least 1 item, found 0"},
      {R"({"minItems":2,"maxItems":2})", "[1]", " minItems: expected exactly 2 items, found 1"},
      {R"({"uniqueItems":true})", "[1,1]", " uniqueItems: expected items that all differ, found some twice"},
      {R"({"contains":{"const":1}})", "[2]", " contains: expected an item of a certain form, found none"},
      {R"({"additionalProperties":false})", R"({"x":1})",
       "x additionalProperties: expected only members that the schema names, found another one"},
      {R"({"propertyNames":{"maxLength":1}})", R"({"ab":1})",
       "ab maxLength: expected a member whose name is at most 1 character, found 2 characters"},
      {R"({"dependencies":{"width":["height"]}})", R"({"width":1})",
       R"(height dependencies: expected member "height" beside width, found none)"},
      {R"({"required":["a","b","c"]})", R"({"b":1})", R"(a required: expected members "a" and "c", found none)"},
      {R"({"not":{"const":"asap"}})", "\"asap\"", R"( not: expected anything but "asap", found "asap")"},
      {R"({"not":{"required":["a","b"]}})", R"({"a":1,"b":2})",
       R"( not: expected not members "a" and "b" together, found an object)"},
      {"false", "1", " false: expected nothing here, found 1"},
  };
  for (const auto& row : rows) CHECK(line_of(mini_schema(row.schema).fault_in(row.value)) == row.line);
}

TEST_CASE("of a discriminated union the branch that was meant is reported") {
  const mini_schema schema(R"({"oneOf":[
      {"properties":{"scope":{"const":"request"},"ask":{"type":"string"}},
       "required":["scope","ask"],"additionalProperties":false},
      {"properties":{"scope":{"const":"product"},"product_id":{"type":"string"},"action":{"enum":["include","omit"]}},
       "required":["scope","product_id"],"additionalProperties":false}]})");
  const auto line = [&schema](std::string_view text) { return line_of(schema.fault_in(text)); };
  CHECK(line(R"({"scope":"product"})") == R"(product_id required: expected member "product_id", found none)");
  CHECK(line(R"({"product_id":5,"scope":"product"})") == "product_id type: expected a string, found 5");
  CHECK(line(R"({"scope":"request","ask":"a","product_id":"p"})") ==
        "product_id additionalProperties: expected only members that the schema names, found another one");
  CHECK(line(R"({"product_id":5,"scope":"products"})") ==
        R"(scope const: expected "request" or "product", found "products")");
  CHECK(line(R"({"scope":"product","product_id":"p","action":"drop"})") ==
        R"(action enum: expected "include" or "omit", found "drop")");
  CHECK(line("{}") ==
        R"(scope required: expected members "scope" and "ask" or members "scope" and "product_id", found none)");
  CHECK(line("7").find("oneOf") != std::string::npos);
}

TEST_CASE("a union without a discriminator is told by its members, by types, or as a whole") {
  const mini_schema account(R"({"type":"object","oneOf":[
      {"properties":{"account_id":{"type":"string"}},"required":["account_id"],"additionalProperties":false},
      {"properties":{"brand":{"type":"object","required":["domain"]},"operator":{"type":"string"}},
       "required":["brand","operator"],"additionalProperties":false}]})");
  const auto line = [&account](std::string_view text) { return line_of(account.fault_in(text)); };
  CHECK(line(R"({"brand":{"domain":"a.b"}})") == R"(operator required: expected member "operator", found none)");
  CHECK(line(R"({"brand":{},"operator":"o"})") == R"(brand.domain required: expected member "domain", found none)");
  CHECK(line(R"({"account_id":1})") == "account_id type: expected a string, found 1");
  CHECK(line("{}") == R"( required: expected member "account_id" or members "brand" and "operator", found none)");
  CHECK(line("\"acc\"") == R"( type: expected an object, found "acc")");

  const mini_schema start(R"({"oneOf":[{"type":"string","const":"asap"},{"type":"string","format":"date-time"}]})");
  CHECK(line_of(start.fault_in("\"soon\"")) ==
        R"( oneOf: expected "asap" or a date and time with an offset such as 2026-01-31T12:00:00Z, found "soon")");
  CHECK(line_of(start.fault_in("1")) == " type: expected a string, found 1");

  const mini_schema mixed(R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]})");
  CHECK(line_of(mixed.fault_in("1")) == " type: expected a string or an array, found 1");
  CHECK(line_of(mixed.fault_in("[\"a\",2]")) == "[1] type: expected a string, found 2");
}

TEST_CASE("fitting two branches of a oneOf is told by what they require") {
  const mini_schema schema(R"({"oneOf":[{"required":["a"]},{"required":["b"]}]})");
  CHECK(line_of(schema.fault_in(R"({"a":1,"b":1})")) ==
        R"( oneOf: expected either member "a" or member "b", found all of them)");
  CHECK(line_of(mini_schema(R"({"oneOf":[true,true]})").fault_in("1")) ==
        " oneOf: expected exactly one of the forms the schema offers, found what fits 2");
}

TEST_CASE("a union within a union is followed to the branch that was meant") {
  const mini_schema schema(R"({"properties":{"assets":{"patternProperties":{"^[a-z]+$":{"oneOf":[
      {"allOf":[{"properties":{"type":{"const":"image"}},"required":["type"]},{"properties":{"width":{"minimum":1}}}]},
      {"oneOf":[{"properties":{"type":{"const":"vast"},"by":{"const":"url"},"url":{"type":"string"}},
                 "required":["type","by","url"]},
                {"properties":{"type":{"const":"vast"},"by":{"const":"inline"},"xml":{"type":"string"}},
                 "required":["type","by","xml"]}]}]}}}}})");
  const auto line = [&schema](std::string_view text) { return line_of(schema.fault_in(text)); };
  CHECK(line(R"({"assets":{"main":{"type":"image","width":0}}})") ==
        "assets.main.width minimum: expected a number of at least 1, found 0");
  CHECK(line(R"({"assets":{"main":{"type":"vast","by":"inline"}}})") ==
        R"(assets.main.xml required: expected member "xml", found none)");
}

TEST_CASE("an excerpt is short, escaped and never of a secret") {
  const mini_schema text(R"({"maximum":1,"maxProperties":9,"enum":["a"]})");
  CHECK(line_of(text.fault_of(boost::json::value(std::string(1000, 'x')))) ==
        " enum: expected \"a\", found \"" + std::string(40, 'x') + "\u2026\"");
  CHECK(line_of(text.fault_in(R"("a\nb\u0000")")) == R"( enum: expected "a", found "a\nb\u0000")");
  std::string two_bytes;
  for (int i = 0; i < 100; ++i) two_bytes += "\u00e9";
  CHECK(line_of(text.fault_of(boost::json::value("x" + two_bytes))).find("\u00e9\u2026\"") != std::string::npos);

  const mini_schema secrets(R"({"additionalProperties":{"type":"integer"},"properties":{
      "authentication":{"additionalProperties":{"enum":["Bearer"]}},
      "bank":{"properties":{"holder":{"type":"array"}}},
      "note":{"writeOnly":true,"type":"object","additionalProperties":{"maximum":3}},
      "url":{"format":"uri"}}})");
  for (const auto* value :
       {R"({"credentials":"hunter2"})", R"({"push_Token":"hunter2"})", R"({"Authorization":"hunter2"})",
        R"({"authentication":{"x":"hunter2"}})", R"({"api_key":"hunter2"})", R"({"API-Key":"hunter2"})",
        R"({"client_secret":"hunter2"})", R"({"bank":{"holder":"hunter2"}})", R"({"note":"hunter2"})",
        R"({"url":"hunter2 at large"})"}) {
    const auto line = line_of(secrets.fault_in(value));
    CHECK_MESSAGE(line.find("expected") != std::string::npos, value);
    CHECK_MESSAGE(line.find("hunter2") == std::string::npos, line);
  }
  CHECK(line_of(secrets.fault_in(R"({"note":{"n":12345}})")).find("12345") == std::string::npos);
}

TEST_CASE("a name out of the request is cut") {
  const mini_schema schema(R"({"additionalProperties":false})");
  boost::json::object value;
  value[std::string(1'000'000, 'k')] = 1;
  const auto fault = schema.fault_of(value);
  REQUIRE(fault);
  CHECK(fault->pointer.size() < 100);
  CHECK(fault->field.size() < 100);
}
