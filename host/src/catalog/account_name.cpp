#include "catalog/account_name.hpp"

#include <algorithm>

namespace tenon {
namespace {

bool is_lower_or_digit(char letter) { return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'); }

}  // namespace

std::string in_lower_case(std::string_view text) {
  std::string made(text);
  for (auto& letter : made) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return made;
}

std::string natural_account_id(const account_reference& reference) {
  const auto brand = in_lower_case(reference.brand);
  const auto operator_name = in_lower_case(reference.operator_name);
  if (!is_domain(brand) || !is_domain(operator_name)) return {};
  return brand + '/' + operator_name + (reference.sandbox ? "/sandbox" : "");
}

account_reference natural_reference(account_reference reference) {
  constexpr std::string_view suffix = "/sandbox";
  std::string_view rest = reference.account_id;
  const bool sandbox = rest.ends_with(suffix);
  if (sandbox) rest.remove_suffix(suffix.size());
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return reference;
  account_reference made{.brand = std::string(rest.substr(0, slash)),
                         .operator_name = std::string(rest.substr(slash + 1)),
                         .sandbox = sandbox};
  return natural_account_id(made) == reference.account_id ? made : reference;
}

bool is_account_id(std::string_view id) noexcept {
  const auto is_inner = [](char letter) {
    return is_lower_or_digit(letter) || (letter >= 'A' && letter <= 'Z') ||
           std::string_view("._:@-").find(letter) != std::string_view::npos;
  };
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, is_inner);
}

bool is_domain(std::string_view text) noexcept {
  if (text.empty() || text.size() > 253) return false;
  bool at_start = true;
  char last = '.';
  for (const char letter : text) {
    if (letter == '.' ? !is_lower_or_digit(last) : !(is_lower_or_digit(letter) || (letter == '-' && !at_start)))
      return false;
    at_start = letter == '.';
    last = letter;
  }
  return is_lower_or_digit(last);
}

}  // namespace tenon
