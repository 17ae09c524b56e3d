#include "media_type.hpp"

#include <algorithm>

namespace tenon::tenond {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes off what stands before the next separator.
std::string_view next(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool is(std::string_view found, std::string_view lower_case) {
  return std::ranges::equal(found, lower_case, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

/// "q=0", with at most three zeros behind a point.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto one = next(parameters, ';');
    if (one.size() < 3 || !is(one.substr(0, 2), "q=")) continue;
    return one.substr(2).find_first_not_of("0.") == one.npos;
  }
  return false;
}

}  // namespace

bool is_json(std::string_view content_type) noexcept { return is(next(content_type, ';'), "application/json"); }

bool wants_event_stream(const http::header_list& headers) noexcept {
  bool json = false;
  bool events = false;
  for (const auto& [name, value] : headers) {
    if (name != "accept") continue;
    for (std::string_view rest = value; !rest.empty();) {
      auto parameters = next(rest, ',');
      const auto range = next(parameters, ';');
      if (is_refused(parameters)) continue;
      json = json || is(range, "application/json") || is(range, "application/*") || is(range, "*/*");
      events = events || is(range, "text/event-stream") || is(range, "text/*");
    }
  }
  return events && !json;
}

}  // namespace tenon::tenond
