#include "audit/audit_entry.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace tenon::tenond {
namespace {

constexpr std::size_t longest_id = 255;  // an idempotency key may have as many
constexpr std::size_t longest_name = 128;
constexpr std::size_t longest_word = 64;

/// The bytes of the UTF-8 sequence that text begins with (RFC 3629: the shortest form, no surrogates); 0: it is none.
std::size_t sequence(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first <= 0xdf   ? 2
                           : first >= 0xe0 && first <= 0xef ? 3
                           : first >= 0xf0 && first <= 0xf4 ? 4
                                                            : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const auto second = at(1);
  const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                     (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return wrong ? 0 : size;
}

/// U+0080 to U+009F: some terminals obey them as they do ESC.
bool is_c1_control(std::string_view text) {
  return text.size() == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

void put_escaped(std::string& into, unsigned code) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", code);
  into += text.data();
}

bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void put_string(std::string& into, std::string_view value, std::size_t longest) {
  const auto plain = std::ranges::find_if_not(value.substr(0, longest), is_plain) - value.begin();
  (into += '"') += value.substr(0, static_cast<std::size_t>(plain));
  for (auto at = static_cast<std::size_t>(plain); at < value.size();) {
    const auto rest = value.substr(at);
    const auto size = sequence(rest);
    if (at + std::max<std::size_t>(size, 1) > longest) {
      into += "…";
      break;
    }
    const auto first = static_cast<unsigned char>(rest.front());
    if (size == 0)
      into += "\\ufffd";
    else if (first == '"' || first == '\\')
      (into += '\\') += rest.front();
    else if (first < 0x20 || first == 0x7f)
      put_escaped(into, first);
    else if (is_c1_control(rest.substr(0, size)))
      put_escaped(into, static_cast<unsigned char>(rest[1]));
    else
      into += rest.substr(0, size);
    at += std::max<std::size_t>(size, 1);
  }
  into += '"';
}

void put(std::string& into, std::string_view key, std::string_view value, std::size_t longest) {
  if (value.empty()) return;
  ((into += ",\"") += key) += "\":";
  put_string(into, value, longest);
}

/// Digits and what is behind them.
template <std::size_t Digits>
void put_number(std::string& into, std::int64_t number, char behind) {
  std::array<char, Digits + 1> text;
  text.back() = behind;
  for (auto at = Digits; at-- > 0; number /= 10) text[at] = static_cast<char>('0' + number % 10);
  into.append(text.data(), text.size());
}

/// RFC 3339, to the millisecond.
void put_time(std::string& into, std::string_view key, wall_time when) {
  using namespace std::chrono;
  const auto whole = floor<milliseconds>(when);
  const auto midnight = floor<days>(whole);
  const year_month_day day(midnight);
  const hh_mm_ss time(whole - midnight);
  ((into += '"') += key) += "\":\"";
  put_number<4>(into, static_cast<int>(day.year()), '-');
  put_number<2>(into, static_cast<unsigned>(day.month()), '-');
  put_number<2>(into, static_cast<unsigned>(day.day()), 'T');
  put_number<2>(into, time.hours().count(), ':');
  put_number<2>(into, time.minutes().count(), ':');
  put_number<2>(into, time.seconds().count(), '.');
  put_number<3>(into, time.subseconds().count(), 'Z');
  into += '"';
}

}  // namespace

std::string audit_line(const audit_entry& entry, wall_time now) {
  std::string line;
  line.reserve(512);
  line += '{';
  put_time(line, "time", now);
  put(line, "event", entry.event, longest_word);
  put(line, "request_id", entry.request_id, longest_word);
  put(line, "tenant", entry.tenant, longest_word);
  put(line, "principal", entry.principal, longest_name);
  put(line, "task", entry.task, longest_word);
  put(line, "account_id", entry.account_id, longest_id);
  put(line, "outcome", entry.outcome, longest_word);
  put(line, "idempotency_key", entry.idempotency_key, longest_id);
  put(line, "media_buy_id", entry.media_buy_id, longest_id);
  put(line, "task_id", entry.task_id, longest_id);
  if (entry.latency.count() >= 0) (line += ",\"latency_us\":") += std::to_string(entry.latency.count());
  put(line, "remote", entry.remote, longest_word);
  return line += "}\n";
}

std::string audit_line(const audit_summary& summary, wall_time now) {
  std::string line = "{";
  put_time(line, "time", now);
  put(line, "event", "summary", longest_word);
  put(line, "principal", summary.principal, longest_name);
  put(line, "outcome", summary.outcome, longest_word);
  line += ",\"count\":" + std::to_string(summary.count) + ',';
  put_time(line, "since", summary.since);
  return line += "}\n";
}

}  // namespace tenon::tenond
