#include "schemas/pattern.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <optional>

namespace tenon::tenond::schemas {

namespace {

constexpr std::size_t longest_pattern = 1024;
constexpr std::size_t largest_program = 2048;
constexpr std::size_t most_repetitions = 1024;
constexpr int deepest_group = 32;
constexpr std::size_t usual_memory = 2048;  // of a search: most patterns have less than a hundred states

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t offset) { return static_cast<unsigned char>(text[at + offset]); };
  const auto lead = byte(0);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (size == 1 || lead < 0xC0 || at + size > text.size()) {
    ++at;
    return lead;
  }
  char32_t point = lead & (0x7F >> size);
  for (std::size_t offset = 1; offset < size; ++offset) point = (point << 6) | (byte(offset) & 0x3F);
  at += size;
  return point;
}

std::size_t code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool pattern::char_class::in_spans(char32_t point) const noexcept {
  const auto in = std::ranges::any_of(spans, [point](span s) { return s.first <= point && point <= s.last; });
  return in != negated;
}

/// A pattern as instructions, which a parse puts together. Targets are relative, so that a part can be repeated by
/// copying it. The end of the whole accepts.
class pattern::program {
 public:
  enum class op : std::uint8_t { one_of, fork, jump, at_start, at_end };
  struct instruction {
    op what;
    std::int32_t first = 0;   ///< one_of: index of the class; fork, jump: a target
    std::int32_t second = 0;  ///< fork: the other target
  };

  std::vector<instruction> code;

  std::int32_t size() const { return static_cast<std::int32_t>(code.size()); }
  void append(const program& more) { code.insert(code.end(), more.code.begin(), more.code.end()); }

  /// Where it goes on from an instruction without a character being read; states are numbered by instruction.
  ways from(std::int32_t start, bool at_start) const {
    ways found;
    for (const bool at_end : {false, true}) {
      std::vector<bool> seen(code.size() + 1);
      std::vector<std::int32_t> left = {start};
      while (!left.empty()) {
        const auto at = left.back();
        left.pop_back();
        if (seen[static_cast<std::size_t>(at)]) continue;
        seen[static_cast<std::size_t>(at)] = true;
        if (at == size()) {
          (at_end ? found.accepts_at_end : found.accepts) = true;
          continue;
        }
        const auto& step = code[static_cast<std::size_t>(at)];
        switch (step.what) {
          case op::one_of:
            if (!at_end) found.to.push_back(static_cast<std::uint32_t>(at));
            break;
          case op::fork: left.push_back(at + step.second); [[fallthrough]];
          case op::jump: left.push_back(at + step.first); break;
          case op::at_start:
            if (at_start) left.push_back(at + 1);
            break;
          case op::at_end:
            if (at_end) left.push_back(at + 1);
            break;
        }
      }
    }
    return found;
  }
};

/// Recursive descent over the text; a fault is kept and ends the parse.
class pattern::parser {
 public:
  parser(std::string_view text, pattern& into) : text_(text), into_(into) {}

  result<program> parse() {
    if (text_.size() > longest_pattern) fail("at most 1024 bytes");
    made_ = alternatives(0);
    if (!fault_ && at_ < text_.size()) fail("no closing parenthesis without an opening one");
    if (!fault_) return made_;
    return make_error("INTERNAL_ERROR", "A schema's pattern is unusable.",
                      "pattern " + std::string(text_) + ": expected " + *fault_ + " at byte " + std::to_string(at_));
  }

 private:
  bool more() const { return !fault_ && at_ < text_.size(); }
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void fail(std::string_view expected) {
    if (!fault_) fault_ = std::string(expected);
  }

  using op = program::op;

  program alternatives(int depth) {
    if (depth > deepest_group) fail("at most 32 nested groups");
    auto made = sequence(depth);
    while (take('|')) {
      const auto other = sequence(depth);
      made.code.insert(made.code.begin(), {op::fork, 1, made.size() + 2});
      made.code.push_back({op::jump, other.size() + 1});
      made.append(other);
    }
    return made;
  }

  program sequence(int depth) {
    program made;
    while (more() && text_[at_] != '|' && text_[at_] != ')') {
      made.append(repeated(atom(depth)));
      if (made.code.size() > largest_program) fail("a smaller pattern");
    }
    return made;
  }

  program repeated(program atom) {
    std::size_t least = 1;
    std::optional<std::size_t> most = 1;
    if (take('*')) {
      least = 0, most.reset();
    } else if (take('+')) {
      most.reset();
    } else if (take('?')) {
      least = 0;
    } else if (take('{')) {
      least = number();
      most = least;
      if (take(',')) most = more() && text_[at_] != '}' ? std::optional(number()) : std::nullopt;
      if (!take('}')) fail("a closing brace");
    } else {
      return atom;
    }
    (void)take('?');  // lazy or not: whether there is a match is the same
    if (most && *most < least) fail("a repetition whose end is not below its start");
    if (fault_ || atom.code.size() * std::max(least, most.value_or(0)) > largest_program) {
      fail("a smaller repetition");
      return {};
    }
    return repeat(atom, least, most);
  }

  static program repeat(const program& atom, std::size_t least, std::optional<std::size_t> most) {
    program made;
    for (std::size_t i = 0; i < least; ++i) made.append(atom);
    if (!most) {
      made.code.push_back({op::fork, 1, atom.size() + 2});
      made.append(atom);
      made.code.push_back({op::jump, -(atom.size() + 1)});
      return made;
    }
    // Each optional copy leaves to the very end, so that few states are alive at once.
    for (auto left = static_cast<std::int32_t>(*most - least); left > 0; --left) {
      made.code.push_back({op::fork, 1, left * (atom.size() + 1)});
      made.append(atom);
    }
    return made;
  }

  std::size_t number() {
    std::size_t value = 0;
    const auto start = at_;
    while (more() && text_[at_] >= '0' && text_[at_] <= '9' && value <= most_repetitions)
      value = value * 10 + static_cast<std::size_t>(text_[at_++] - '0');
    if (at_ == start || value > most_repetitions) fail("a number up to 1024");
    return value;
  }

  static program single(program::instruction one) { return {{one}}; }

  program one(char_class set) {
    for (std::size_t c = 0; c < set.ascii.size(); ++c) set.ascii[c] = set.in_spans(static_cast<char32_t>(c));
    into_.classes_.push_back(std::move(set));
    return single({op::one_of, static_cast<std::int32_t>(into_.classes_.size() - 1)});
  }

  program atom(int depth) {
    if (take('^')) return single({op::at_start});
    if (take('$')) return single({op::at_end});
    if (take('.')) return one({true, {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}});
    if (take('(')) {
      if (take('?') && !take(':')) fail("a group without look-around or name");
      auto made = alternatives(depth + 1);
      if (!take(')')) fail("a closing parenthesis");
      return made;
    }
    if (take('[')) return one(bracket());
    if (take('\\')) {
      char_class set;
      set.negated = escape(set.spans);
      return one(std::move(set));
    }
    if (std::string_view("*+?{").find(text_[at_]) != std::string_view::npos) fail("something to repeat");
    const auto point = next_code_point(text_, at_);
    return one({false, {{point, point}}});
  }

  char_class bracket() {
    char_class set;
    set.negated = take('^');
    while (more() && text_[at_] != ']') {
      const auto first = member(set);
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        const auto last = member(set);
        if (first && last && *first <= *last) {
          set.spans.push_back({*first, *last});
        } else {
          fail("a range of characters");
        }
      } else if (first) {
        set.spans.push_back({*first, *first});
      }
    }
    if (!take(']')) fail("a closing bracket");
    return set;
  }

  /// A single character of a bracket; nothing if it was a class such as \d, which it adds.
  std::optional<char32_t> member(char_class& set) {
    if (!more()) return std::nullopt;
    if (!take('\\')) return next_code_point(text_, at_);
    std::vector<span> spans;
    if (escape(spans)) fail("no negated class within a class");
    if (spans.size() == 1 && spans[0].first == spans[0].last) return spans[0].first;
    set.spans.insert(set.spans.end(), spans.begin(), spans.end());
    return std::nullopt;
  }

  /// What stands behind a backslash; true if it means all but that.
  bool escape(std::vector<span>& spans) {
    if (!more()) {
      fail("a character behind the backslash");
      return false;
    }
    const char c = text_[at_++];
    const auto exactly = [&spans](char32_t point) { spans = {{point, point}}; };
    switch (c) {
      case 'd':
      case 'D': spans = {{'0', '9'}}; return c == 'D';
      case 'w':
      case 'W': spans = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}; return c == 'W';
      case 's':
      case 'S':
        spans = {{'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                 {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
        return c == 'S';
      case 't': exactly('\t'); return false;
      case 'n': exactly('\n'); return false;
      case 'r': exactly('\r'); return false;
      case 'f': exactly('\f'); return false;
      case 'v': exactly('\v'); return false;
      case 'u': exactly(hex(4)); return false;
      case 'x': exactly(hex(2)); return false;
      default: break;
    }
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
      fail("an escape this matcher knows");
    exactly(static_cast<unsigned char>(c));
    return false;
  }

  char32_t hex(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const auto digit = more() ? std::string_view("0123456789abcdef").find(static_cast<char>(text_[at_] | 0x20)) : 16;
      if (digit > 15) fail("hexadecimal digits");
      if (fault_) return 0;
      value = value * 16 + static_cast<char32_t>(digit);
      ++at_;
    }
    return value;
  }

  std::string_view text_;
  pattern& into_;
  program made_;
  std::size_t at_ = 0;
  std::optional<std::string> fault_;
};

result<pattern> pattern::compile(std::string_view text) {
  pattern made;
  const auto parsed = parser(text, made).parse();
  if (!parsed) return parsed.error();
  // From instructions to the states among them: those that want a character.
  std::vector<std::uint32_t> numbers(parsed->code.size());
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (parsed->code[i].what == program::op::one_of) numbers[i] = count++;
  const auto ways_from = [&](std::size_t at, bool at_start) {
    auto found = parsed->from(static_cast<std::int32_t>(at), at_start);
    for (auto& to : found.to) to = numbers[to];
    return found;
  };
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto& step = parsed->code[i];
    if (step.what == program::op::one_of)
      made.states_.push_back({static_cast<std::uint32_t>(step.first), ways_from(i + 1, false)});
  }
  made.first_ = ways_from(0, true);
  made.later_ = ways_from(0, false);
  return made;
}

/// The states alive before one character, each once.
class pattern::alive_states {
 public:
  alive_states(std::size_t most, std::pmr::memory_resource* memory) : added_(most, 0, memory), list_(memory) {
    list_.reserve(most);
  }
  /// Adds what a way leads to; true if it leads to the end.
  bool add(const ways& on, bool at_end) {
    for (const auto one : on.to) {
      if (added_[one] == round_) continue;
      added_[one] = round_;
      list_.push_back(one);
    }
    return on.accepts || (at_end && on.accepts_at_end);
  }
  void clear() { ++round_, list_.clear(); }
  const std::pmr::vector<std::uint32_t>& list() const { return list_; }

 private:
  std::pmr::vector<std::uint32_t> added_;  ///< the round in which a state was added last
  std::pmr::vector<std::uint32_t> list_;
  std::uint32_t round_ = 1;
};

bool pattern::found_in(std::string_view subject) const {
  std::array<std::byte, usual_memory> space;
  std::pmr::monotonic_buffer_resource memory(space.data(), space.size());
  alive_states now(states_.size(), &memory);
  alive_states next(states_.size(), &memory);
  if (now.add(first_, subject.empty())) return true;
  const bool anchored = later_.to.empty() && !later_.accepts_at_end;
  for (std::size_t at = 0; at < subject.size();) {
    if (anchored && now.list().empty()) return false;
    const auto point = next_code_point(subject, at);
    const bool at_end = at == subject.size();
    next.clear();
    for (const auto one : now.list()) {
      const auto& [wanted, on] = states_[one];
      if (classes_[wanted].has(point) && next.add(on, at_end)) return true;
    }
    if (!anchored && next.add(later_, at_end)) return true;
    std::swap(now, next);
  }
  return false;
}

}  // namespace tenon::tenond::schemas
