#include "idempotency/canonical_json.hpp"

#include "plugin/file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::tenond {
namespace {

namespace json = boost::json;

constexpr std::string_view hex_digits = "0123456789abcdef";

/// The order of UTF-16 code units is that of UTF-8 bytes, but that U+E000 to U+FFFF (first byte EE or EF) come behind
/// the surrogates, which is behind the characters of four bytes (first byte F0 or more).
constexpr unsigned rank(char byte) noexcept {
  const unsigned value = static_cast<unsigned char>(byte);
  if (value < 0xee) return value;
  return value < 0xf0 ? value + 0x10 : value - 2;
}

bool comes_before(std::string_view left, std::string_view right) noexcept {
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      [](char a, char b) { return rank(a) < rank(b); });
}

void write_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char each : text) {
    switch (each) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\f': out += "\\f"; break;
      case '\r': out += "\\r"; break;
      default:
        if (const unsigned value = static_cast<unsigned char>(each); value < 0x20) {
          out += "\\u00";
          out += hex_digits[value >> 4];
          out += hex_digits[value & 15u];
        } else {
          out += each;
        }
    }
  }
  out += '"';
}

template <class Integer>
void write_integer(std::string& out, Integer value) {
  std::array<char, 24> room{};
  out.append(room.data(), std::to_chars(room.data(), room.data() + room.size(), value).ptr);
}

/// ECMA-262, Number::toString. The shortest digits that read back as the value are to_chars's; where they go is ours.
void write_double(std::string& out, double value) {
  if (value == 0) {  // minus zero too
    out += '0';
    return;
  }
  if (value < 0) out += '-';
  std::array<char, 32> room{};
  const auto written =
      std::to_chars(room.data(), room.data() + room.size(), std::abs(value), std::chars_format::scientific).ptr;
  const auto mark = std::find(room.data(), written, 'e');
  std::string digits(1, room[0]);
  if (mark - room.data() > 2) digits.append(room.data() + 2, mark);
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), written, exponent);

  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // how many digits stand before it
  if (point > 21 || point <= -6) {
    if (count > 1) digits.insert(1, 1, '.');
    out += digits;
    out += exponent < 0 ? "e-" : "e+";
    write_integer(out, std::abs(exponent));
  } else if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    if (count < point) digits.append(static_cast<std::size_t>(point - count), '0');
    if (count > point) digits.insert(static_cast<std::size_t>(point), 1, '.');
    out += digits;
  }
}

bool write(std::string& out, const json::value& value);

bool write(std::string& out, const json::object& object) {
  std::vector<const json::key_value_pair*> members;
  members.reserve(object.size());
  for (const auto& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const auto* left, const auto* right) { return comes_before(left->key(), right->key()); });
  out += '{';
  for (const auto* member : members) {
    if (member != members.front()) out += ',';
    write_text(out, member->key());
    out += ':';
    if (!write(out, member->value())) return false;
  }
  out += '}';
  return true;
}

bool write(std::string& out, const json::array& array) {
  out += '[';
  for (const auto& element : array) {
    if (&element != &array.front()) out += ',';
    if (!write(out, element)) return false;
  }
  out += ']';
  return true;
}

/// False: there is a number that has no text.
bool write(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: out += "null"; return true;
    case json::kind::bool_: out += value.get_bool() ? "true" : "false"; return true;
    case json::kind::int64: write_integer(out, value.get_int64()); return true;
    case json::kind::uint64: write_integer(out, value.get_uint64()); return true;
    case json::kind::double_:
      if (!std::isfinite(value.get_double())) return false;
      write_double(out, value.get_double());
      return true;
    case json::kind::string: write_text(out, value.get_string()); return true;
    case json::kind::array: return write(out, value.get_array());
    case json::kind::object: return write(out, value.get_object());
  }
  return false;
}

json::object* object_at(json::object& in, std::string_view name) {
  auto* const found = in.if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

}  // namespace

result<std::string> canonical_json(const json::value& value) {
  std::string out;
  if (write(out, value)) return {boost::system::in_place_value, std::move(out)};
  auto made = make_error("INVALID_REQUEST", "A number of the request is too large.",
                         "expected numbers that a double can hold, found one that is infinite or none");
  made.suggestion = "Send numbers of a magnitude below 1.8e308.";
  return made;
}

result<std::string> request_hash(const json::object& arguments) {
  json::value kept(arguments);
  auto& counted = kept.get_object();
  counted.erase("idempotency_key");
  counted.erase("governance_context");
  if (object_at(counted, "context") != nullptr) counted.erase("context");
  if (auto* const webhook = object_at(counted, "push_notification_config")) {
    if (auto* const authentication = object_at(*webhook, "authentication")) authentication->erase("credentials");
  }
  const auto text = canonical_json(kept);
  if (!text) return text.error();
  return {boost::system::in_place_value, sha256_hex(std::as_bytes(std::span(*text)))};
}

}  // namespace tenon::tenond
