#include "sandbox/text.hpp"

#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <stdexcept>

namespace tenon::sandbox {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Reads exactly `count` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return {};
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

/// "Z" or "+05:00"; an empty text is UTC.
std::optional<std::chrono::minutes> parse_offset(std::string_view text, bool needed) {
  if (text.empty()) return needed ? std::nullopt : std::optional(std::chrono::minutes(0));
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, '+') && !take(text, '-')) return {};
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ':')) return {};
  const auto minutes = take_digits(text, 2);
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return {};
  return sign * std::chrono::minutes(*hours * 60 + *minutes);
}

}  // namespace

std::string percent_decode(std::string_view text, bool form) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (escape) {
      made += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      made += form && text[i] == '+' ? ' ' : text[i];
    }
  }
  return made;
}

parameters parse_form(std::string_view text) {
  parameters made;
  if (text.empty()) return made;
  for (const auto pair : split(text, '&')) {
    const auto equals = std::min(pair.find('='), pair.size());
    const auto value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    if (!pair.empty()) made.emplace_back(percent_decode(pair.substr(0, equals), true), percent_decode(value, true));
  }
  return made;
}

std::string_view value_of(const parameters& all, std::string_view name) {
  for (const auto& [key, value] : all)
    if (key == name) return value;
  return {};
}

bool has(const parameters& all, std::string_view name) {
  for (const auto& [key, value] : all)
    if (key == name) return true;
  return false;
}

std::string base64url_encode(std::string_view bytes) {
  std::string made;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) made += alphabet[(bits >> (held - 6)) & 63];
  }
  if (held > 0) made += alphabet[(bits << (6 - held)) & 63];
  return made;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  if (text.size() % 4 == 1) return {};
  std::string made;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto digit = alphabet.find(c);
    if (digit == alphabet.npos) return {};
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    made += static_cast<char>((bits >> held) & 255);
  }
  return made;
}

std::optional<sys_seconds> parse_time(std::string_view text, bool zone_needed) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return {};
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return {};
  const auto day = take_digits(text, 2);
  if (!day) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  if (text.empty() && !zone_needed) return sys_days(date);
  if (!take(text, 'T')) return {};
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return {};
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return {};
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return {};
  if (take(text, '.')) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 9) return {};
    text.remove_prefix(digits);
  }
  const auto offset = parse_offset(text, zone_needed);
  if (!offset) return {};
  return sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second) -
         *offset;
}

namespace {

std::string clock_text(sys_seconds time, const char* end) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "T%02d:%02d:%02d%s", static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()), end);
  return iso_date(day) + text.data();
}

}  // namespace

std::string rfc3339(sys_seconds time) { return clock_text(time, "Z"); }
std::string kevel_time(sys_seconds time) { return clock_text(time, ".0000000"); }

std::string iso_date(sys_days day) {
  const std::chrono::year_month_day date(day);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text.data();
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> made;
  for (std::size_t from = 0;;) {
    const auto end = text.find(at, from);
    made.push_back(text.substr(from, end == text.npos ? text.npos : end - from));
    if (end == text.npos) return made;
    from = end + 1;
  }
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes)) != 1)
    throw std::runtime_error("The random generator gave nothing: is the system short of entropy?");
  std::string made;
  for (const char c : raw) {
    made += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    made += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return made;
}

}  // namespace tenon::sandbox
