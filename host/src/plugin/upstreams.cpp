#include "plugin/upstreams.hpp"

#include "plugin/refusal.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace tenon {
namespace {

namespace json = boost::json;

constexpr std::size_t deepest_secret = 32;

/// Calls visit(schema, value, path) for every setting that is present and that the schema describes by name.
template <class Visit>
void each_setting(const json::object& schema, const json::object& settings, const std::string& path, Visit& visit) {
  const auto* member = schema.if_contains("properties");
  const auto* properties = member ? member->if_object() : nullptr;
  if (!properties) return;
  for (const auto& [name, property] : *properties) {
    const auto* value = settings.if_contains(name);
    if (!value || !property.is_object()) continue;
    const auto where = path + "." + std::string(name);
    visit(property.get_object(), *value, where);
    if (value->is_object()) each_setting(property.get_object(), value->get_object(), where, visit);
  }
}

/// The strings in one list of a property's "x-tenon-secret".
std::vector<std::string> pointers_of(const json::object& property, std::string_view list) {
  std::vector<std::string> made;
  const auto* secret = property.if_contains("x-tenon-secret");
  const auto* pointers = secret && secret->is_object() ? secret->get_object().if_contains(list) : nullptr;
  if (!pointers || !pointers->is_array()) return made;
  for (const auto& pointer : pointers->get_array()) {
    if (pointer.is_string()) made.emplace_back(pointer.get_string());
  }
  return made;
}

/// The name in {"secret": "<name>"}, or nothing.
std::string_view secret_name(const json::value& value) {
  const auto* reference = value.if_object();
  const auto* name = reference ? reference->if_contains("secret") : nullptr;
  if (!name || !name->is_string()) return {};
  return {name->get_string().data(), name->get_string().size()};
}

/// Collects origins; the first URL that is none ends it.
class collector {
 public:
  void add(std::string_view url, const std::string& where) {
    if (!wrong_.empty()) return;
    auto origin = origin_of(url);
    if (!origin) {
      wrong_ = where + ": " + origin.error().operator_detail;
      return;
    }
    origins_.push_back(std::move(*origin));
  }

  void add_from_secret(const std::string& text, const std::vector<std::string>& pointers, const std::string& where) {
    boost::system::error_code code;
    json::parse_options options;
    options.max_depth = deepest_secret;
    const auto parsed = json::parse(text, code, {}, options);
    if (code && wrong_.empty()) wrong_ = where + ": expected the secret to be JSON, it is not (" + code.message() + ")";
    if (code) return;
    for (const auto& pointer : pointers) {
      boost::system::error_code missing;
      const auto* value = parsed.find_pointer(pointer, missing);
      if (!value) continue;
      const auto* url = value->if_string();
      add(url ? std::string_view(url->data(), url->size()) : std::string_view(), where + " at " + pointer);
    }
  }

  result<std::vector<std::string>> take() && {
    if (!wrong_.empty()) return refusal(std::move(wrong_));
    std::ranges::sort(origins_);
    const auto repeated = std::ranges::unique(origins_);
    origins_.erase(repeated.begin(), repeated.end());
    return std::move(origins_);
  }

 private:
  std::vector<std::string> origins_;
  std::string wrong_;
};

}  // namespace

result<std::string> origin_of(std::string_view url) {
  const auto wrong = [](std::string_view what) {
    return refusal("expected an absolute http or https URL such as \"https://api.example.com/path\", found " +
                   std::string(what));
  };
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return wrong("something else");
  if (parsed->scheme_id() != boost::urls::scheme::http && parsed->scheme_id() != boost::urls::scheme::https) {
    return wrong("another scheme");
  }
  if (parsed->has_userinfo()) return wrong("a user name in it; credentials belong into a secret");
  std::string host(parsed->encoded_host());
  std::ranges::transform(host, host.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (host.empty() || host.find('%') != host.npos) return wrong("no plain host name");
  const bool tls = parsed->scheme_id() == boost::urls::scheme::https;
  std::uint16_t port = tls ? 443 : 80;
  if (parsed->has_port() && !parsed->port().empty()) {
    const std::string_view digits = parsed->port();
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc() || port == 0) return wrong("a port that does not exist");
  }
  // In place: an error is an aggregate that a string could begin, so a string alone would be ambiguous.
  return {boost::system::in_place_value, (tls ? "https://" : "http://") + host + ":" + std::to_string(port)};
}

result<std::vector<std::string>> allowed_origins(const manifest& plugin, const json::object& settings,
                                                 const secret_lookup& secrets) {
  collector origins;
  for (const auto& url : plugin.upstreams) origins.add(url, "manifest.upstreams");
  auto visit = [&](const json::object& property, const json::value& value, const std::string& path) {
    const auto* marked = property.if_contains("x-tenon-upstream");
    if (marked && *marked == json::value(true) && value.is_string()) {
      origins.add({value.get_string().data(), value.get_string().size()}, path);
    }
    const auto pointers = pointers_of(property, "upstreams");
    const auto name = secret_name(value);
    if (pointers.empty() || name.empty()) return;
    if (const auto* text = secrets(name)) origins.add_from_secret(*text, pointers, path);
  };
  each_setting(plugin.settings_schema, settings, "settings", visit);
  return std::move(origins).take();
}

std::map<std::string, std::vector<std::string>, std::less<>> readable_pointers(const manifest& plugin,
                                                                               const json::object& settings) {
  std::map<std::string, std::vector<std::string>, std::less<>> readable;
  auto visit = [&](const json::object& property, const json::value& value, const std::string&) {
    const auto name = secret_name(value);
    auto pointers = pointers_of(property, "readable");
    if (!name.empty() && !pointers.empty()) readable.insert_or_assign(std::string(name), std::move(pointers));
  };
  each_setting(plugin.settings_schema, settings, "settings", visit);
  return readable;
}

}  // namespace tenon
