#include "schemas/format.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace tenon::tenond::schemas {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_alnum(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// `digits` digits at the front, which are taken away; -1 if there are none.
int take_number(std::string_view& text, std::size_t digits) noexcept {
  if (text.size() < digits || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(digits), is_digit))
    return -1;
  int value = 0;
  for (const char c : text.substr(0, digits)) value = value * 10 + (c - '0');
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) noexcept {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text) noexcept {
  const int year = take_number(text, 4);
  if (year < 0 || !take(text, '-')) return false;
  const int month = take_number(text, 2);
  if (month < 1 || month > 12 || !take(text, '-')) return false;
  const int day = take_number(text, 2);
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int last = month == 2 ? (leap ? 29 : 28) : (month == 4 || month == 6 || month == 9 || month == 11) ? 30 : 31;
  return day >= 1 && day <= last;
}

bool is_date(std::string_view text) { return take_date(text) && text.empty(); }

bool is_date_time(std::string_view text) {
  if (!take_date(text) || !(take(text, 'T') || take(text, 't'))) return false;
  const int hour = take_number(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return false;
  const int minute = take_number(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) return false;
  const int second = take_number(text, 2);
  if (second < 0 || second > 60) return false;
  if (take(text, '.')) {
    if (take_number(text, 1) < 0) return false;
    while (take_number(text, 1) >= 0) continue;
  }
  int offset = 0;
  if (!take(text, 'Z') && !take(text, 'z')) {
    const bool east = take(text, '+');
    if (!east && !take(text, '-')) return false;
    const int off_hour = take_number(text, 2);
    if (off_hour < 0 || off_hour > 23 || !take(text, ':')) return false;
    const int off_minute = take_number(text, 2);
    if (off_minute < 0 || off_minute > 59) return false;
    offset = (east ? 1 : -1) * (off_hour * 60 + off_minute);
  }
  // A leap second is the last of a day of UTC.
  constexpr int day = 24 * 60;
  const bool last_minute = (hour * 60 + minute - offset + 2 * day) % day == day - 1;
  return text.empty() && (second < 60 || last_minute);
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; })) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// A dot-atom and a host name; the quoted local parts and address literals of RFC 5322 are not mail of any buyer's.
bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  const auto local = text.substr(0, at);
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) return false;
  constexpr std::string_view besides = ".!#$%&'*+-/=?^_`{|}~";
  return std::ranges::all_of(local, [&](char c) { return is_alnum(c) || besides.find(c) != std::string_view::npos; }) &&
         is_hostname(text.substr(at + 1));
}

bool is_uri(std::string_view text) {
  const auto uri = boost::urls::parse_uri(text);
  if (!uri) return false;
  // Boost 1.81 takes "//host:abc" for a host with an empty port and a path, which no authority is followed by.
  const auto path = uri->encoded_path();
  return !uri->has_authority() || path.empty() || path.front() == '/';
}

/// The variables of one expression, without its braces: an operator, then names with a prefix length or a star.
bool is_expression(std::string_view text) {
  if (!text.empty() && std::string_view("+#./;?&").find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  bool in_name = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
      in_name = true;
    } else if (is_alnum(c) || c == '_' || (in_name && c == '.' && text[i - 1] != '.')) {
      in_name = true;
    } else if (in_name && c == ':') {
      const auto start = ++i;
      while (i < text.size() && is_digit(text[i])) ++i;
      if (i == start || i - start > 4 || text[start] == '0' || (i < text.size() && text[i] != ',')) return false;
      in_name = i == text.size();
    } else if (in_name && c == '*') {
      if (++i < text.size() && text[i] != ',') return false;
      in_name = i >= text.size();
    } else if (in_name && c == ',') {
      in_name = false;
    } else {
      return false;
    }
  }
  return in_name;
}

bool is_uri_template(std::string_view text) {
  const auto escaped = [text](std::size_t i) {
    return i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
  };
  constexpr std::string_view never = "\"<>\\^`|";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '{') {
      const auto end = text.find('}', i);
      if (end == std::string_view::npos || !is_expression(text.substr(i + 1, end - i - 1))) return false;
      i = end;
    } else if (c == '}' || (c >= 0 && c <= ' ') || c == 0x7F || never.find(c) != std::string_view::npos ||
               (c == '%' && !escaped(i))) {
      return false;
    }
  }
  return true;
}

constexpr format_rule rules[] = {
    {"date", "a date such as 2026-01-31", is_date},
    {"date-time", "a date and time with an offset such as 2026-01-31T12:00:00Z", is_date_time},
    {"email", "an email address", is_email},
    {"hostname", "a host name", is_hostname},
    {"uri", "an absolute URI such as https://example.com/", is_uri},
    {"uri-template", "a URI or a URI template such as https://example.com/?id={ID}", is_uri_template},
};

}  // namespace

const format_rule* find_format(std::string_view name) noexcept {
  const auto* found = std::ranges::find(rules, name, &format_rule::name);
  return found == std::end(rules) ? nullptr : found;
}

}  // namespace tenon::tenond::schemas
