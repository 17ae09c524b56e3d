#include "schemas/schemas.hpp"

#include "schemas/checker.hpp"
#include "schemas/embedded.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

namespace tenon::tenond::schemas {

namespace json = boost::json;

namespace {

constexpr leniency lenient_members[] = {
    {"get_products", "buying_mode", "clients of releases before 3.0 do not send it and mean a brief"},
    {"", "account", "the path, the Host header or who calls may name the tenant, whose own account is meant then"},
};

bool is_lenient(std::string_view task, std::string_view member) noexcept {
  return std::ranges::any_of(
      lenient_members, [&](const auto& one) { return (one.task.empty() || one.task == task) && one.member == member; });
}

/// The compiled schemas of all tasks. What they share is compiled once.
class release_schemas {
 public:
  release_schemas() : set_(&embedded::find_document) {
    for (const auto& [task, schema, input] : embedded::tasks()) {
      const auto compiled = set_.add(schema);
      if (!compiled) {
        std::cerr << "tenond: bug: " << compiled.error().operator_detail << '\n';
        std::abort();
      }
      auto root = **compiled;
      std::erase_if(root.required, [task = task](std::string_view member) { return is_lenient(task, member); });
      roots_.emplace(task, std::move(root));
    }
  }

  const node* find(std::string_view task) const noexcept {
    const auto found = roots_.find(task);
    return found == roots_.end() ? nullptr : &found->second;
  }

 private:
  schema_set set_;
  std::map<std::string_view, node> roots_;  ///< copies, so that a leniency is of its task alone
};

const release_schemas& compiled_release() {
  static const release_schemas compiled;
  return compiled;
}

using input_schemas = std::map<std::string_view, json::object>;

input_schemas read_input_schemas() {
  input_schemas all;
  for (const auto& [task, schema, input] : embedded::tasks()) {
    auto read = json::parse(input).as_object();
    if (auto* required = read.if_contains("required")) {
      auto& names = required->as_array();
      const auto lenient = [task = task](const json::value& name) { return is_lenient(task, name.as_string()); };
      names.erase(std::remove_if(names.begin(), names.end(), lenient), names.end());
    }
    all.emplace(task, std::move(read));
  }
  return all;
}

}  // namespace

std::span<const leniency> leniencies() noexcept { return lenient_members; }

bool knows(std::string_view task) noexcept {
  return std::ranges::any_of(embedded::tasks(), [task](const auto& one) { return one.name == task; });
}

std::optional<schema_fault> check_request(std::string_view task, const json::object& arguments) {
  const auto* schema = compiled_release().find(task);
  if (schema == nullptr) return std::nullopt;
  auto found = checker().run(*schema, instance(arguments));
  if (!found) return std::nullopt;
  return to_fault(std::move(*found));
}

const json::object& input_schema(std::string_view task) {
  static const json::object any = {{"type", "object"}};
  static const input_schemas all = read_input_schemas();
  const auto found = all.find(task);
  return found == all.end() ? any : found->second;
}

}  // namespace tenon::tenond::schemas
