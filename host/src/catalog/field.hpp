#pragma once

#include "base/suggest.hpp"
#include "catalog/document.hpp"
#include "catalog/wording.hpp"

#include <tenon/diagnostic.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

/// One file, read on behalf of one tenant or of everybody, and the findings about it. Borrows the list it adds to.
class file_scope {
 public:
  file_scope(const std::filesystem::path& file, std::string tenant, std::vector<diagnostic>& into);

  void error(std::uint32_t line, std::string message);
  void warn(std::uint32_t line, std::string message);

  std::size_t errors() const noexcept { return errors_; }  ///< so far
  const std::string& file() const noexcept { return file_; }
  const std::string& tenant() const noexcept { return tenant_; }

  /// A path as the file means it: relative to the directory the file is in.
  std::filesystem::path resolve(std::string_view path) const;

 private:
  std::string file_;
  std::filesystem::path directory_;
  std::string tenant_;
  std::vector<diagnostic>* into_;
  std::size_t errors_ = 0;
};

/// One value of a file under the name it has in messages ("cache.size"). Each reader returns what it read, or adds a
/// finding and returns nothing.
struct field {
  const document::value& content;
  std::string name;
  file_scope& scope;

  std::optional<std::string> text() const;  ///< not empty
  std::optional<bool> flag() const;
  std::optional<std::int64_t> whole(std::int64_t least, std::int64_t most) const;
  std::optional<double> number(double least, double most) const;
  std::optional<std::string> one_of(std::span<const std::string_view> choices) const;
  std::optional<std::filesystem::path> path() const;
  std::vector<field> elements() const;   ///< of an array, each with its index as name
  const document::table* table() const;  ///< borrowed from the document

  /// Adds "name: expected …, found …".
  void expected(std::string_view what) const;
  void refuse(const std::string& message) const;
};

/// A key that a table may have and what it sets.
template <class Target>
struct key_rule {
  std::string_view key;
  void (*read)(const field& from, Target& into);
  bool required = false;
};

void refuse_unknown_key(const document::entry& found, std::string_view prefix, std::span<const std::string_view> known,
                        file_scope& scope);

/// Reads a table by its rules. Unknown keys and missing required ones are findings. `line` is where the table starts.
template <class Target>
void read_table(const document::table& from, std::uint32_t line, const std::string& prefix,
                std::span<const key_rule<Target>> rules, file_scope& scope, Target& into) {
  std::vector<std::string_view> known;
  for (const auto& rule : rules) known.push_back(rule.key);
  std::vector<bool> seen(rules.size(), false);
  for (const auto& found : from) {
    std::size_t at = 0;
    while (at < rules.size() && rules[at].key != found.key) ++at;
    if (at == rules.size()) {
      refuse_unknown_key(found, prefix, known, scope);
      continue;
    }
    seen[at] = true;
    rules[at].read(field{found.content, prefix + found.key, scope}, into);
  }
  for (std::size_t at = 0; at < rules.size(); ++at) {
    if (!rules[at].required || seen[at]) continue;
    scope.error(line, prefix + std::string(rules[at].key) + ": expected this key, found none");
  }
}

}  // namespace tenon
