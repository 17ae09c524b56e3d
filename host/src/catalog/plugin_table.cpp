#include "catalog/plugin_table.hpp"

#include "catalog/account_name.hpp"
#include "catalog/tenant_table.hpp"

#include <algorithm>

namespace tenon {
namespace {

constexpr std::size_t hash_digits = 64;
constexpr std::size_t longest_symbol = 4096;

bool is_letter_or_digit(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

bool is_hash(std::string_view text) {
  const auto is_hex = [](char letter) { return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f'); };
  return text.size() == hash_digits && std::ranges::all_of(text, is_hex);
}

void read_hashes(const field& from, plugin_policy& into) {
  const auto elements = from.elements();
  for (const auto& element : elements) {
    const auto said = element.text();
    if (!said) continue;
    auto hash = in_lower_case(*said);
    if (!is_hash(hash)) {
      element.expected("a SHA-256, 64 hex digits as `sha256sum` or `tenonctl plugin verify` prints it");
    } else if (std::ranges::find(into.sha256, hash) != into.sha256.end()) {
      element.refuse("expected each hash once, found " + in_quotes(hash) + " again");
    } else {
      into.sha256.push_back(std::move(hash));
    }
  }
  // It could mean "any content" as well as "none".
  if (const auto* held = std::get_if<document::array>(&from.content.held); held != nullptr && held->empty()) {
    from.refuse("expected at least one hash, found an empty array; leave the key out if any content will do");
  }
}

void read_imports(const field& from, plugin_policy& into) {
  const auto is_part = [](char letter) {
    return is_letter_or_digit(letter) || letter == '_' || letter == '.' || letter == '$' || letter == ':';
  };
  for (const auto& element : from.elements()) {
    const auto symbol = element.text();
    if (!symbol) continue;
    if (symbol->size() > longest_symbol || !std::ranges::all_of(*symbol, is_part)) {
      element.expected("the name of a symbol as `nm -D` prints it, without the @ and what follows it");
    } else if (std::ranges::find(into.allow_imports, *symbol) != into.allow_imports.end()) {
      element.refuse("expected each symbol once, found " + in_quotes(*symbol) + " again");
    } else {
      into.allow_imports.push_back(*symbol);
    }
  }
}

constexpr key_rule<plugin_policy> plugin_keys[] = {
    {"sha256", read_hashes},
    {"allow_imports", read_imports},
    {"allow_resident",
     [](const field& from, plugin_policy& into) { into.allow_resident = from.flag().value_or(false); }},
    {"hold", [](const field& from, plugin_policy& into) { into.hold = from.flag().value_or(false); }},
};

}  // namespace

void read_plugin_tables(const document::entry& found, file_scope& scope,
                        std::map<std::string, plugin_policy, std::less<>>& into) {
  const auto* tables = field{found.content, found.key, scope}.table();
  if (tables == nullptr) return;
  for (const auto& [name, content, line] : *tables) {
    const field from{content, found.key + '.' + name, scope};
    const auto* table = from.table();
    if (table == nullptr) continue;
    if (!is_plain_name(name)) {
      scope.error(line, "expected the name of a plugin, its file without .so (" + std::string(plain_name_rule) +
                            "), found " + in_quotes(name));
    }
    auto& policy = into[name];
    policy.place = {scope.file(), line};
    read_table<plugin_policy>(*table, line, from.name + '.', plugin_keys, scope, policy);
  }
}

}  // namespace tenon
