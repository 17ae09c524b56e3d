#pragma once

#include "schemas/checker.hpp"

#include <boost/json/parse.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tenon::tenond::schemas {

/// A schema of a test's own, compiled. Documents besides may be given by path, as for a reference.
class mini_schema {
 public:
  explicit mini_schema(std::string_view text, std::string_view other_path = {}, std::string_view other = {})
      : set_([text = std::string(text), other_path = std::string(other_path),
              other = std::string(other)](std::string_view path) -> std::optional<std::string_view> {
          if (path == "/mini.json") return text;
          if (!other_path.empty() && path == other_path) return other;
          return std::nullopt;
        }),
        root_(set_.add("/mini.json")) {}

  const result<const node*>& compiled() const { return root_; }

  std::optional<schema_fault> fault_of(const boost::json::value& value) const {
    auto found = checker().run(**root_, value);
    return found ? std::optional(to_fault(std::move(*found))) : std::nullopt;
  }

  std::optional<schema_fault> fault_in(std::string_view text) const {
    return fault_of(boost::json::parse(text, {}, {.max_depth = 4000}));
  }

  bool fits(std::string_view text) const { return !fault_in(text); }

 private:
  schema_set set_;
  result<const node*> root_;
};

/// How a fault reads in one line: "field keyword: message".
inline std::string line_of(const std::optional<schema_fault>& fault) {
  return fault ? fault->field + ' ' + fault->keyword + ": " + fault->message : std::string("fits");
}

}  // namespace tenon::tenond::schemas
