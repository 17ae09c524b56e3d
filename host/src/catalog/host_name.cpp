#include "catalog/account_name.hpp"
#include "catalog/catalog.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace tenon {
namespace {

constexpr std::size_t longest_host = 253;

bool is_port(std::string_view text) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  return text.size() <= 5 && std::ranges::all_of(text, is_digit);
}

/// One address has many spellings; inet_ntop has one for each.
std::string bracketed(std::string_view address) {
  in6_addr parsed{};
  char shortest[INET6_ADDRSTRLEN];
  if (inet_pton(AF_INET6, std::string(address).c_str(), &parsed) != 1) return {};
  if (inet_ntop(AF_INET6, &parsed, shortest, sizeof shortest) == nullptr) return {};
  return '[' + std::string(shortest) + ']';
}

std::string name_of(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto is_name_letter = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
           letter == '.';
  };
  auto lower = in_lower_case(name);
  if (lower.size() > longest_host || lower.starts_with('.') || lower.ends_with('.')) return {};
  return std::ranges::all_of(lower, is_name_letter) ? lower : std::string();
}

}  // namespace

std::string normalise_host(std::string_view host) {
  constexpr std::string_view blanks = " \t";
  const auto first = host.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  host = host.substr(first, host.find_last_not_of(blanks) - first + 1);
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.find('\0') != std::string_view::npos) return {};
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return {};
    const auto rest = host.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return {};
    return bracketed(host.substr(1, end - 1));
  }
  const auto colon = host.find(':');
  if (colon == std::string_view::npos) return name_of(host);
  if (host.find(':', colon + 1) != std::string_view::npos) return bracketed(host);
  return is_port(host.substr(colon + 1)) ? name_of(host.substr(0, colon)) : std::string();
}

}  // namespace tenon
