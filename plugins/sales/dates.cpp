#include "dates.hpp"

#include <charconv>
#include <cstdio>

namespace tenon::sales {
namespace {

// Takes exactly `count` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) {
    return std::nullopt;
  }
  int value = 0;
  for (char const c : text.substr(0, count)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::year_month_day> take_day(std::string_view& text) {
  auto const year = take_digits(text, 4);
  if (!year || !take(text, "-")) {
    return std::nullopt;
  }
  auto const month = take_digits(text, 2);
  if (!month || !take(text, "-")) {
    return std::nullopt;
  }
  auto const day = take_digits(text, 2);
  if (!day) {
    return std::nullopt;
  }
  std::chrono::year_month_day const date{std::chrono::year{*year}, std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional{date} : std::nullopt;
}

std::optional<std::chrono::seconds> take_time(std::string_view& text) {
  auto const hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) {
    return std::nullopt;
  }
  auto const minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) {
    return std::nullopt;
  }
  auto const second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  if (take(text, ".")) {
    if (!take_digits(text, 1)) {
      return std::nullopt;
    }
    while (take(text, "0123456789")) {
    }
  }
  return std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

// What to subtract to get UTC.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (text.empty() || take(text, "Zz")) {
    return std::chrono::minutes{0};
  }
  auto const sign = text.front() == '-' ? -1 : 1;
  if (!take(text, "+-")) {
    return std::nullopt;
  }
  auto const hours = take_digits(text, 2);
  if (!hours || !take(text, ":")) {
    return std::nullopt;
  }
  auto const minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  return sign * (std::chrono::minutes{*minutes} + std::chrono::hours{*hours});
}

}  // namespace

std::optional<instant> parse_instant(std::string_view text) {
  auto const day = take_day(text);
  if (!day || !take(text, "Tt ")) {
    return std::nullopt;
  }
  auto const time = take_time(text);
  if (!time) {
    return std::nullopt;
  }
  auto const offset = take_offset(text);
  if (!offset || !text.empty()) {
    return std::nullopt;
  }
  return instant{std::chrono::sys_days{*day}} + *time - *offset;
}

std::string format_instant(instant moment) {
  auto const midnight = std::chrono::floor<std::chrono::days>(moment);
  std::chrono::hh_mm_ss const time{moment - midnight};
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "T%02d:%02d:%02dZ", static_cast<int>(time.hours().count() % 24),
                static_cast<int>(time.minutes().count() % 60), static_cast<int>(time.seconds().count() % 60));
  return format_day(std::chrono::year_month_day{midnight}) + buffer;
}

std::optional<std::chrono::year_month_day> parse_day(std::string_view text) {
  auto const day = take_day(text);
  return text.empty() ? day : std::nullopt;
}

std::optional<std::chrono::year_month_day> day_from_number(std::int64_t yyyymmdd) {
  if (yyyymmdd < 1970'01'01 || yyyymmdd > 9999'12'31) {
    return std::nullopt;
  }
  auto const number = static_cast<unsigned>(yyyymmdd);
  std::chrono::year_month_day const date{std::chrono::year{static_cast<int>(number / 10000)},
                                         std::chrono::month{number / 100 % 100}, std::chrono::day{number % 100}};
  return date.ok() ? std::optional{date} : std::nullopt;
}

std::string format_day(std::chrono::year_month_day day) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return buffer;
}

std::chrono::year_month_day day_of(instant moment) { return std::chrono::floor<std::chrono::days>(moment); }

}  // namespace tenon::sales
