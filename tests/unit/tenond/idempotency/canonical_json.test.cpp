// Goal: a JSON value has one text, the one of RFC 8785, and what tells two requests apart is told apart by their hash.
// Method: the samples of the RFC; random values (rapidcheck) against what the RFC says of them: order of UTF-16 code
// units, numbers that read back in the fewest digits, the same text in whatever order the members came.
#include "idempotency/canonical_json.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

namespace {

std::string text_of(const json::value& value) {
  const auto found = canonical_json(value);
  return found ? *found : "error " + found.error().code;
}

std::string text_of_bits(std::uint64_t bits) { return text_of(json::value(std::bit_cast<double>(bits))); }

std::string hash_of(std::string_view arguments) {
  const auto found = request_hash(json::parse(arguments).as_object());
  return found ? *found : "error " + found.error().code;
}

std::string utf8(const std::vector<char32_t>& points) {
  std::string out;
  const auto add = [&out](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  for (const auto point : points) {
    if (point < 0x80) {
      add(point);
    } else if (point < 0x800) {
      add(0xc0 | point >> 6), add(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      add(0xe0 | point >> 12), add(0x80 | (point >> 6 & 0x3f)), add(0x80 | (point & 0x3f));
    } else {
      add(0xf0 | point >> 18), add(0x80 | (point >> 12 & 0x3f)), add(0x80 | (point >> 6 & 0x3f));
      add(0x80 | (point & 0x3f));
    }
  }
  return out;
}

std::u16string utf16(const std::vector<char32_t>& points) {
  std::u16string out;
  for (const auto point : points) {
    if (point < 0x10000) {
      out += static_cast<char16_t>(point);
    } else {
      out += static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10));
      out += static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return out;
}

/// Of any magnitude, however little is asked of the generator.
rc::Gen<std::uint64_t> any_bits() { return rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>()); }

std::string rounded(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*e", digits - 1, value);
  return text;
}

/// Without zeros before and behind.
std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char each : text.substr(0, text.find('e')))
    if (each >= '0' && each <= '9') digits += each;
  digits.erase(0, digits.find_first_not_of('0'));
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

/// Near the borders between the lengths of UTF-8 and those of surrogates, as a rule.
rc::Gen<char32_t> any_point() {
  const auto from = [](char32_t first, char32_t end) {
    return rc::gen::map(rc::gen::inRange<std::uint32_t>(first, end), [](std::uint32_t at) { return char32_t{at}; });
  };
  return rc::gen::resize(
      rc::kNominalSize,
      rc::gen::oneOf(from('a', 'e'), from(0x7e, 0x82), from(0x7fe, 0x802), from(0xd7fe, 0xd800), from(0xe000, 0xe002),
                     from(0xfffe, 0x10002), from(0x10fffe, 0x110000), from(1, 0xd800)));
}

rc::Gen<std::string> any_text() { return rc::gen::map(rc::gen::container<std::vector<char32_t>>(any_point()), utf8); }

/// Without fractions: what the parser makes of those may be a neighbour of the nearest double.
rc::Gen<json::value> any_value(int depth) {
  const auto leaf = rc::gen::oneOf(
      rc::gen::just(json::value(nullptr)),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return json::value(b); }),
      rc::gen::map(any_bits(), [](std::uint64_t bits) { return json::value(static_cast<std::int64_t>(bits)); }),
      rc::gen::map(any_text(), [](const std::string& text) { return json::value(text); }));
  if (depth == 0) return leaf;
  const auto inner = any_value(depth - 1);
  return rc::gen::oneOf(
      leaf,
      rc::gen::map(
          rc::gen::container<std::vector<json::value>>(inner),
          [](const std::vector<json::value>& all) { return json::value(json::array(all.begin(), all.end())); }),
      rc::gen::map(
          rc::gen::container<std::vector<std::pair<std::string, json::value>>>(rc::gen::pair(any_text(), inner)),
          [](const std::vector<std::pair<std::string, json::value>>& all) {
            json::object made;
            for (const auto& [name, value] : all) made[name] = value;
            return json::value(std::move(made));
          }));
}

json::value backwards(const json::value& value) {
  if (value.is_array()) {
    json::array made;
    for (const auto& each : value.get_array()) made.push_back(backwards(each));
    return made;
  }
  if (!value.is_object()) return value;
  std::vector<const json::key_value_pair*> members;
  for (const auto& member : value.get_object()) members.insert(members.begin(), &member);
  json::object made;
  for (const auto* member : members) made[member->key()] = backwards(member->value());
  return made;
}

}  // namespace

TEST_CASE("numbers are written as in RFC 8785, appendix B") {
  const std::pair<std::uint64_t, const char*> samples[] = {{0x0000000000000000, "0"},
                                                           {0x8000000000000000, "0"},
                                                           {0x0000000000000001, "5e-324"},
                                                           {0x8000000000000001, "-5e-324"},
                                                           {0x7fefffffffffffff, "1.7976931348623157e+308"},
                                                           {0xffefffffffffffff, "-1.7976931348623157e+308"},
                                                           {0x4340000000000000, "9007199254740992"},
                                                           {0xc340000000000000, "-9007199254740992"},
                                                           {0x4430000000000000, "295147905179352830000"},
                                                           {0x44b52d02c7e14af5, "9.999999999999997e+22"},
                                                           {0x44b52d02c7e14af6, "1e+23"},
                                                           {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                                                           {0x444b1ae4d6e2ef4e, "999999999999999700000"},
                                                           {0x444b1ae4d6e2ef4f, "999999999999999900000"},
                                                           {0x444b1ae4d6e2ef50, "1e+21"},
                                                           {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                                                           {0x3eb0c6f7a0b5ed8d, "0.000001"},
                                                           {0x41b3de4355555553, "333333333.3333332"},
                                                           {0x41b3de4355555554, "333333333.33333325"},
                                                           {0x41b3de4355555555, "333333333.3333333"},
                                                           {0x41b3de4355555556, "333333333.3333334"},
                                                           {0x41b3de4355555557, "333333333.33333343"},
                                                           {0xbecbf647612f3696, "-0.0000033333333333333333"},
                                                           {0x43143ff3c1cb0959, "1424953923781206.2"}};
  for (const auto& [bits, text] : samples) CHECK(text_of_bits(bits) == text);
  CHECK(text_of(json::value(1e-7)) == "1e-7");
  CHECK(text_of(json::value(123456.0)) == "123456");
  CHECK(text_of(json::value(-12.5)) == "-12.5");
  CHECK(text_of(json::value(std::ldexp(1.0, -44))) == "5.684341886080802e-14");
}

TEST_CASE("a number that is infinite or none has no text, wherever it stands") {
  CHECK(text_of_bits(0x7fffffffffffffff) == "error INVALID_REQUEST");
  CHECK(text_of_bits(0x7ff0000000000000) == "error INVALID_REQUEST");
  CHECK(text_of_bits(0xfff0000000000000) == "error INVALID_REQUEST");
  CHECK(text_of(json::parse(R"({"a":[{"b":1e400}],"c":1})")) == "error INVALID_REQUEST");
  CHECK(hash_of(R"({"budget":-1e400})") == "error INVALID_REQUEST");
}

TEST_CASE("integers keep their digits, also beyond what a double can tell apart") {
  CHECK(text_of(json::value(std::int64_t{9'007'199'254'740'993})) == "9007199254740993");
  CHECK(text_of(json::value(std::numeric_limits<std::int64_t>::min())) == "-9223372036854775808");
  CHECK(text_of(json::value(std::numeric_limits<std::uint64_t>::max())) == "18446744073709551615");
  CHECK(hash_of(R"({"id":9007199254740992})") != hash_of(R"({"id":9007199254740993})"));
  CHECK(hash_of(R"({"id":9007199254740992})") == hash_of(R"({"id":9007199254740992.0})"));
  CHECK(text_of(json::parse("-0")) == "0");
}

TEST_CASE("the sample of RFC 8785, section 3.2.2, comes out as in 3.2.4") {
  json::object sample;
  // Not parsed: the parser may give a neighbour of the nearest double.
  sample["numbers"] = json::array{333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001};
  sample["string"] = json::parse(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/")");
  sample["literals"] = json::array{nullptr, true, false};
  CHECK(text_of(sample) ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("members are sorted as in the sample of RFC 8785, section 3.2.3") {
  const auto sample = json::parse(R"({"\u20ac":"Euro Sign","\r":"Carriage Return",
    "\ufb33":"Hebrew Letter Dalet With Dagesh",
    "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",
    "\u00f6":"Latin Small Letter O With Diaeresis"})");
  CHECK(text_of(sample) ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
        "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
        "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST_CASE("of a string no more is escaped than has to be") {
  std::string all;
  for (int value = 0; value < 0x81; ++value) all += utf8({static_cast<char32_t>(value)});
  CHECK(
      text_of(json::value(all)) ==
      "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f"
      "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f"
      " !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"
      "\xc2\x80\"");
}

TEST_CASE("empty values, nested ones and texts that are not UTF-8 have a text too") {
  CHECK(text_of(json::parse(R"({"b":[],"a":{},"":[[{}]]})")) == R"({"":[[{}]],"a":{},"b":[]})");
  CHECK(text_of(json::value("\xff\xee")) == "\"\xff\xee\"");
}

TEST_CASE("any double reads back from its text; no shorter one does, and none of that length is nearer") {
  CHECK(rc::check([] {
    const auto value = std::bit_cast<double>(*any_bits());
    RC_PRE(std::isfinite(value) && std::bit_cast<std::uint64_t>(value) << 12 != 0);  // a power of two has other borders
    const auto text = text_of(json::value(value));
    RC_ASSERT(std::strtod(text.c_str(), nullptr) == value);
    const auto digits = digits_of(text);
    const auto count = static_cast<int>(digits.size());
    RC_ASSERT(digits_of(rounded(value, count)) == digits);
    if (count > 1) RC_ASSERT(std::strtod(rounded(value, count - 1).c_str(), nullptr) != value);
  }));
}

TEST_CASE("any two names stand in the order of their UTF-16 code units") {
  const auto names = rc::gen::container<std::vector<char32_t>>(any_point());
  CHECK(rc::check([names] {
    auto left = *names;
    auto right = *names;
    RC_PRE(left != right);
    if (utf16(right) < utf16(left)) std::swap(left, right);
    json::object both;
    both[utf8(right)] = 2;
    both[utf8(left)] = 1;
    const auto text = text_of(both);
    RC_ASSERT(text.find(":1,") != std::string::npos);
  }));
}

TEST_CASE("any value has the same text in whatever order its members came, and after it was read back") {
  const auto values = rc::gen::scale(0.12, any_value(3));
  CHECK(rc::check([values] {
    const auto value = *values;
    const auto text = text_of(value);
    RC_ASSERT(text_of(backwards(value)) == text);
    const auto again = json::parse(text);
    RC_ASSERT(again == value);
    RC_ASSERT(text_of(again) == text);
  }));
}

TEST_CASE("any two integers have the same text only if they are the same") {
  CHECK(rc::check([] {
    const auto value = *any_bits();
    const auto step = *rc::gen::inRange<std::uint64_t>(0, 3);
    const auto text = text_of(json::value(static_cast<std::int64_t>(value)));
    RC_ASSERT((text_of(json::value(static_cast<std::int64_t>(value + step))) == text) == (step == 0));
  }));
}

TEST_CASE("the hash is the SHA-256 of the canonical text without what may differ between repeats") {
  CHECK(hash_of("{}") == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  constexpr auto request = R"({
    "idempotency_key": "0123456789abcdef", "governance_context": "signed", "context": {"trace": 1},
    "push_notification_config": {"url": "https://buyer.example/hook",
      "authentication": {"credentials": "a-secret-of-the-buyer", "schemes": ["Bearer"]}},
    "packages": [{"product_id": "p1", "budget": 1000.50}], "brand": {"domain": "acme.example"}})";
  CHECK(hash_of(request) == "be831acc5afb04a0ab2ef085237dd3c075c091f25af0d8d2f2a6b5d40eeed400");
}

TEST_CASE("the hash leaves out no more than it has to") {
  const auto plain = hash_of(R"({"a":1})");
  CHECK(hash_of(R"({"a":1,"idempotency_key":"k"})") == plain);
  CHECK(hash_of(R"({"a":1,"context":{"session":"s"}})") == plain);
  CHECK(hash_of(R"({"a":1,"governance_context":"g"})") == plain);
  CHECK(hash_of(R"({"a":1,"context":"a text is a value of its task"})") != plain);
  CHECK(hash_of(R"({"a":1,"b":{"idempotency_key":"k"}})") != hash_of(R"({"a":1,"b":{}})"));
  CHECK(hash_of(R"({"a":1,"b":{"context":{}}})") != hash_of(R"({"a":1,"b":{}})"));
  CHECK(hash_of(R"({"a":1,"push_notification_config":{"url":"u"}})") != plain);
  CHECK(
      hash_of(
          R"({"push_notification_config":{"url":"u","authentication":{"schemes":["Bearer"],"credentials":"1"}}})") ==
      hash_of(R"({"push_notification_config":{"url":"u","authentication":{"schemes":["Bearer"],"credentials":"2"}}})"));
  CHECK(hash_of(R"({"push_notification_config":{"url":"u","token":"1"}})") !=
        hash_of(R"({"push_notification_config":{"url":"u","token":"2"}})"));
  CHECK(hash_of(R"({"push_notification_config":{"credentials":"1"}})") !=
        hash_of(R"({"push_notification_config":{"credentials":"2"}})"));
  CHECK(hash_of(R"({"push_notification_config":7})") !=
        hash_of(R"({"push_notification_config":{"authentication":7}})"));
}
