#include "catalog/settings.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cmath>

namespace tenon {
namespace {

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || letter == '_';
  };
  const auto is_part = [&](char letter) { return is_letter(letter) || (letter >= '0' && letter <= '9'); };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_part);
}

class settings_reader {
 public:
  /// `name` is what messages call the settings.
  settings_reader(std::string name, file_scope& scope, tenant_entry& into)
      : name_(std::move(name)), scope_(scope), secrets_(into.secrets), lines_(into.lines) {}

  boost::json::object object(const document::table& from, const std::string& path) {
    boost::json::object made;
    for (const auto& [key, content, line] : from) {
      const auto at = path.empty() ? key : path + '.' + key;
      lines_.emplace("settings." + at, line);
      made.emplace(key, value(content, at));
    }
    return made;
  }

 private:
  boost::json::value value(const document::value& from, const std::string& path) {
    if (const auto* text = std::get_if<std::string>(&from.held)) return boost::json::string(*text);
    if (const auto* whole = std::get_if<std::int64_t>(&from.held)) return *whole;
    if (const auto* flag = std::get_if<bool>(&from.held)) return *flag;
    if (const auto* day = std::get_if<document::date>(&from.held)) return boost::json::string(day->text);
    if (const auto* real = std::get_if<double>(&from.held)) {
      if (std::isfinite(*real)) return *real;
      refuse(from, path, "expected a finite number, found one that JSON cannot say (nan or inf)");
      return nullptr;
    }
    if (const auto* list = std::get_if<document::array>(&from.held)) {
      boost::json::array made;
      for (const auto& each : *list) made.push_back(value(each, path + '[' + std::to_string(made.size()) + ']'));
      return made;
    }
    const auto& table = std::get<document::table>(from.held);
    return is_secret(from, table, path) ? secret(table.front(), path) : object(table, path);
  }

  bool is_secret(const document::value& from, const document::table& table, const std::string& path) {
    const bool file = document::find(table, "file") != nullptr;
    const bool variable = document::find(table, "env") != nullptr;
    if (table.size() == 2 && file && variable) {
      refuse(from, path, "expected a secret from either a file or an environment variable, found both");
    }
    if (table.size() == 1 && document::find(table, "secret") != nullptr) {
      refuse(from, path, "expected { file = \"...\" } or { env = \"...\" } for a secret, found { secret = ... }");
    }
    return table.size() == 1 && (file || variable);
  }

  boost::json::value secret(const document::entry& said, const std::string& path) {
    const auto* where = std::get_if<std::string>(&said.content.held);
    const bool file = said.key == "file";
    if (where == nullptr || where->empty()) {
      refuse(said.content, path + '.' + said.key,
             std::string("expected the ") + (file ? "path of a file" : "name of an environment variable") + ", found " +
                 (where == nullptr ? std::string(document::kind_of(said.content)) : "an empty string"));
      return nullptr;
    }
    secret_source source;
    if (file) {
      source = {secret_source::kind::file, scope_.resolve(*where).string()};
      std::error_code failed;
      if (!std::filesystem::exists(source.where, failed)) {
        scope_.warn(said.line, name_ + '.' + path + ": there is no file " + in_quotes(source.where) +
                                   " to read the secret from; the tenant cannot be built until there is");
      }
    } else if (is_variable_name(*where)) {
      source = {secret_source::kind::environment, *where};
    } else {
      refuse(said.content, path + ".env",
             "expected the name of an environment variable (letters, digits, underscores), "
             "found other text; is this the secret itself?");
      return nullptr;
    }
    if (!secrets_.emplace(path, std::move(source)).second) {
      refuse(said.content, path,
             "expected one secret of this name, found a second one; rename a key that contains dots");
    }
    return boost::json::object{{"secret", path}};
  }

  void refuse(const document::value& at, const std::string& path, const std::string& message) {
    scope_.error(at.line, name_ + '.' + path + ": " + message);
  }

  std::string name_;
  file_scope& scope_;
  std::map<std::string, secret_source>& secrets_;
  std::map<std::string, std::uint32_t>& lines_;
};

}  // namespace

void read_settings(const field& from, tenant_entry& into) {
  const auto* table = std::get_if<document::table>(&from.content.held);
  if (table == nullptr) return from.refuse("expected a table, found " + std::string(document::kind_of(from.content)));
  into.lines.emplace("settings", from.content.line);
  into.settings = settings_reader(from.name, from.scope, into).object(*table, {});
}

}  // namespace tenon
