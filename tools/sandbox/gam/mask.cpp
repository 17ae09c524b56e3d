#include "sandbox/gam/mask.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

bool is_everything(const std::vector<path>& wanted) {
  return wanted.empty() || std::ranges::any_of(wanted, [](const path& each) { return each.empty() || each[0] == "*"; });
}

/// The rest of each path that begins with `member`.
std::vector<path> below(const std::vector<path>& wanted, std::string_view member) {
  std::vector<path> made;
  for (const auto& each : wanted)
    if (each[0] == member) made.emplace_back(each.begin() + 1, each.end());
  return made;
}

void add_name(path& where, std::string& name) {
  if (!name.empty()) where.push_back(std::exchange(name, {}));
}

}  // namespace

std::vector<path> parse_mask(std::string_view text) {
  std::vector<path> made;
  std::vector<path> outer{{}};  // what stands before each open parenthesis
  path current;
  std::string name;
  bool closed = false;  // just behind a parenthesis, where the path is already taken
  const auto finish = [&] {
    add_name(current, name);
    if (!closed && current.size() > outer.back().size()) made.push_back(current);
    current = outer.back();
    closed = false;
  };
  for (const char c : text) {
    if (c == '.' || c == '/') {
      add_name(current, name);
    } else if (c == '(') {
      add_name(current, name);
      outer.push_back(current);
    } else if (c == ')') {
      finish();
      if (outer.size() == 1) throw invalid("$fields", "A parenthesis closes that was never opened.");
      outer.pop_back();
      current = outer.back();
      closed = true;
    } else if (c == ',') {
      finish();
    } else if (c != ' ') {
      name += c;
    }
  }
  finish();
  if (outer.size() != 1) throw invalid("$fields", "A parenthesis is never closed.");
  return made;
}

json::value trim(const json::value& whole, const std::vector<path>& wanted) {
  if (is_everything(wanted)) return whole;
  if (whole.is_array()) {
    json::array made;
    for (const auto& each : whole.get_array()) made.push_back(trim(each, wanted));
    return made;
  }
  if (!whole.is_object()) return whole;
  json::object made;
  for (const auto& [key, value] : whole.get_object()) {
    const auto rest = below(wanted, key);
    if (!rest.empty()) made[key] = trim(value, rest);
  }
  return made;
}

bool mentions(const std::vector<path>& wanted, std::string_view member) {
  return std::ranges::any_of(wanted,
                             [&](const path& each) { return !each.empty() && (each[0] == member || each[0] == "*"); });
}

const field* resolve(const message& shape, const path& where) {
  const message* here = &shape;
  const field* found = nullptr;
  for (const auto& name : where) {
    if (!here || (found && (found->rules & repeated))) return nullptr;
    found = here->find(name);
    if (!found) return nullptr;
    here = found->of;
  }
  return found;
}

void assign(json::object& target, const json::object& source, const path& where) {
  json::object* to = &target;
  const json::object* from = &source;
  for (std::size_t i = 0; i + 1 < where.size(); ++i) {
    auto& next = (*to)[where[i]];
    if (!next.is_object()) next = json::object();
    to = &next.get_object();
    from = &object_of(*from, where[i]);
  }
  const auto* value = from->if_contains(where.back());
  if (value)
    (*to)[where.back()] = *value;
  else
    to->erase(where.back());
}

}  // namespace tenon::sandbox::gam
