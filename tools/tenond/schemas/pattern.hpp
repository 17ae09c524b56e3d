#pragma once

#include <tenon/error.hpp>

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tenond::schemas {

/// A regular expression of a schema's `pattern`, matched in time linear in the text, whatever the text is.
///
/// All states are followed at once and nothing is tried again (Thompson, Glushkov, as in RE2), so no text makes it slow
/// or its stack deep, which std::regex and every matcher that backtracks cannot promise. The syntax is the part of ECMA
/// 262 that schemas use: literals, escapes, classes, groups, alternatives, counted repetition, `^` and `$`; what needs
/// backtracking (back references, look-around, \b) is refused when it is compiled. Works on code points.
///
/// Threads     Immutable after compile().
/// Errors      compile(): INTERNAL_ERROR with what was not understood, and where.
/// Cost        compile() allocates; found_in() takes O(length of the text × size of the program), two allocations.
class pattern {
 public:
  static result<pattern> compile(std::string_view text);

  /// Whether any part of `subject`, which is UTF-8, matches.
  bool found_in(std::string_view subject) const;

 private:
  struct span {
    char32_t first;
    char32_t last;
  };
  struct char_class {
    bool negated = false;
    std::vector<span> spans;
    std::bitset<128> ascii = {};  ///< the answers for ASCII, which nearly all text is
    bool has(char32_t point) const noexcept { return point < ascii.size() ? ascii[point] : in_spans(point); }
    bool in_spans(char32_t point) const noexcept;
  };
  /// Where it goes on from a place in the pattern: to states that each want a character, or to the end.
  struct ways {
    std::vector<std::uint32_t> to;
    bool accepts = false;
    bool accepts_at_end = false;  ///< if the text ends here, as `$` wants it
  };
  struct state {
    std::uint32_t wanted;  ///< index of a class
    ways on;
  };
  class program;
  class parser;
  class alive_states;

  std::vector<char_class> classes_;
  std::vector<state> states_;
  ways first_;  ///< at the start of the text
  ways later_;  ///< at any later place: a pattern is found anywhere
};

/// The code point at `at`, which is moved behind it. A byte that is no UTF-8 counts as itself. Needs at < text.size().
char32_t next_code_point(std::string_view text, std::size_t& at) noexcept;

/// How many code points the text has, as minLength and maxLength count.
std::size_t code_points(std::string_view text) noexcept;

}  // namespace tenon::tenond::schemas
