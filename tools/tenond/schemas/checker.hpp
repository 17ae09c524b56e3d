#pragma once

#include "schemas/finding.hpp"
#include "schemas/instance.hpp"
#include "schemas/schema_set.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::tenond::schemas {

/// Checks one value against one compiled schema.
///
/// With a finding to fill, what is wrong first is put there; without one only the answer counts and nothing is
/// allocated, which is how branches are tried. Members are checked before what is missing, so that a wrong
/// discriminator is told before the members of a branch that nobody meant.
///
/// Lifetime    Of one check. Schema and value are borrowed.
/// Threads     One; different checkers share schemas and values freely.
/// Cost        Linear in the value. The recursion ends at `deepest`, with a fault.
class checker {
 public:
  static constexpr int deepest = 100;

  std::optional<finding> run(const node& schema, const instance& value);

 private:
  friend class closest_branch;

  bool check(const node& schema, const instance& value, const place& at, finding* out);
  bool check_here(const node& schema, const instance& value, const place& at, finding* out);
  bool check_number(const node& schema, const instance& value, const place& at, finding* out);
  bool check_text(const node& schema, const instance& value, const place& at, finding* out);
  bool check_items(const node& schema, const instance& value, const place& at, finding* out);
  bool check_members(const node& schema, const instance& value, const place& at, finding* out);
  bool check_member(const node& schema, const boost::json::key_value_pair& member, const place& at, bool& known,
                    finding* out);
  bool check_presence(const node& schema, const instance& value, const place& at, finding* out);
  bool check_branches(const node& schema, const instance& value, const place& at, finding* out);
  bool check_one_of(const node& schema, const instance& value, const place& at, finding* out);

  int depth_ = 0;
  bool too_deep_ = false;
};

/// The fault to tell of when no branch of an anyOf or oneOf fits: that of the branch that was meant.
///
/// Branches are compared by: being of the value's type; the fewest discriminators (members with `const` or `enum`) that
/// differ, then the most that agree; the most members the branch knows; how deep the fault lies. What branches that are
/// equally close expect at the same place is put into one sentence.
class closest_branch {
 public:
  closest_branch(checker& check, const instance& value, const place& at) : check_(check), value_(value), at_(at) {}

  finding among(const std::vector<const node*>& branches, std::string_view keyword);

 private:
  struct fit {
    bool type = true;
    int differing = 0;
    int agreeing = 0;
    int known = 0;
    auto key() const { return std::tuple(type, -differing, agreeing, differing > 0 ? 0 : known); }
  };

  fit fit_of(const node& branch, int depth) const;
  /// The first discriminator that differs; null if none does.
  const named_node* differing(const node& branch, int depth) const;
  std::optional<finding> fault_of(const node& branch);
  /// The faults of equally close branches, all around the same place.
  finding in_one(const std::vector<finding>& told, std::string_view keyword) const;

  checker& check_;
  const instance& value_;
  const place& at_;
};

/// "a string or null"
std::string types_text(std::uint8_t types);
/// What an enum or const asks for, at most a dozen values.
std::string choices_text(const node& schema);
/// "the members brand and operator"
std::string members_text(const std::vector<std::string_view>& names);
/// "a, b or c" with `last` = " or "
std::string joined(const std::vector<std::string>& words, std::string_view last);

}  // namespace tenon::tenond::schemas
