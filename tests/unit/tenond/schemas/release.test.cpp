// Goal: the schemas of the served release are those that are built in, take what real buyers send, and name what is
// wrong. Method: requests of the official runner; the examples the schemas carry; our own requests with one fault each.
#include "mini_schema.hpp"
#include "schemas/embedded.hpp"
#include "schemas/schemas.hpp"

#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

using namespace tenon::tenond::schemas;
namespace json = boost::json;

namespace {

json::value read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return json::parse(text.str(), {}, {.max_depth = 200});
}

/// The documents of data/ as they are, with their descriptions and examples.
class release_files {
 public:
  release_files() {
    const std::filesystem::path root = TENON_SCHEMA_DATA;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".json" || entry.path().filename() == "tasks.json") continue;
      texts_.emplace("/schemas/3.0.6/" + std::filesystem::relative(entry.path(), root).generic_string(),
                     json::serialize(read(entry.path())));
    }
  }
  const std::map<std::string, std::string, std::less<>>& texts() const { return texts_; }
  std::optional<std::string_view> find(std::string_view path) const {
    const auto found = texts_.find(path);
    return found == texts_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

struct example {
  std::string schema;  ///< reference
  json::value value;
};

/// Examples stand beside the keywords of a schema; `names` is true where members are names, such as those of
/// "properties".
void collect_examples(const json::value& at, const std::string& reference, bool names, std::vector<example>& into) {
  if (const auto* array = at.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      collect_examples((*array)[i], reference + '/' + std::to_string(i), false, into);
  }
  if (!at.is_object()) return;
  for (const auto& [name, value] : at.get_object()) {
    if (!names && name == "examples") {
      for (const auto& one : value.as_array()) {
        // Some carry the value with a description of it.
        const auto* data = one.is_object() ? one.get_object().if_contains("data") : nullptr;
        const bool described = data != nullptr && one.get_object().contains("description");
        into.push_back({reference, described ? *data : one});
      }
    } else if (names || (name != "const" && name != "enum" && name != "default")) {
      const bool by_name = name == "properties" || name == "patternProperties" || name == "definitions";
      collect_examples(value, reference + '/' + std::string(name), !names && by_name, into);
    }
  }
}

json::object buy() {
  return json::parse(R"({"idempotency_key":"0123456789abcdef","account":{"account_id":"a"},
      "brand":{"domain":"acme.example"},"start_time":"asap","end_time":"2030-01-01T00:00:00Z",
      "packages":[{"product_id":"p","budget":10,"pricing_option_id":"cpm"}]})")
      .as_object();
}

json::object with(json::object request, std::string_view member, json::value value) {
  request[member] = std::move(value);
  return request;
}

}  // namespace

TEST_CASE("what is built in is what the data says, and every schema compiles") {
  const release_files files;
  CHECK(embedded::documents().size() == files.texts().size());
  schema_set built_in(&embedded::find_document);
  schema_set original([&files](std::string_view path) { return files.find(path); });
  for (const auto& [path, text] : files.texts()) {
    CHECK_MESSAGE(built_in.add(path).has_value(), path);
    CHECK_MESSAGE(original.add(path).has_value(), path);
  }
  CHECK(std::ranges::is_sorted(embedded::documents(), {}, &embedded::document::path));
  CHECK(knows("create_media_buy"));
  CHECK(knows("tasks_get"));
  CHECK_FALSE(knows("get_signals"));
}

TEST_CASE("the requests of the official runner are taken, but for those it means to be refused") {
  const auto file = read(TENON_RUNNER_REQUESTS);
  for (const auto& one : file.at("requests").as_array()) {
    const std::string_view task = one.at("task").as_string();
    REQUIRE(knows(task));
    const auto fault = check_request(task, one.at("arguments").as_object());
    const auto& expected = one.at("fault_at");
    CHECK_MESSAGE((fault ? json::value(fault->field) : json::value(nullptr)) == expected,
                  one.at("name").as_string() << ": " << line_of(fault));
  }
}

TEST_CASE("the examples that the schemas carry fit them") {
  const release_files files;
  schema_set schemas([&files](std::string_view path) { return files.find(path); });
  schema_set built_in(&embedded::find_document);
  std::vector<example> examples;
  for (const auto& [path, text] : files.texts()) collect_examples(json::parse(text), path + '#', false, examples);
  CHECK(examples.size() > 20);
  for (const auto& [reference, value] : examples) {
    for (auto* set : {&schemas, &built_in}) {
      const auto schema = set->add(reference);
      REQUIRE_MESSAGE(schema.has_value(), reference);
      auto found = checker().run(**schema, value);
      CHECK_MESSAGE(!found, reference << " " << (found ? line_of(to_fault(*found)) : ""));
    }
  }
}

TEST_CASE("an unknown task, and members that the schema does not name, are nobody's fault") {
  CHECK_FALSE(check_request("get_signals", {{"anything", 1}}));
  CHECK_FALSE(check_request("create_media_buy", with(buy(), "buyer_campaign_ref", 7)));
  CHECK_FALSE(check_request("create_media_buy", with(buy(), "context", {{"correlation_id", "c"}, {"x", {1, 2}}})));
  CHECK_FALSE(check_request("create_media_buy", with(buy(), "ext", {{"gam", {{"order", 1}}}})));
  CHECK_FALSE(check_request("create_media_buy", with(buy(), "adcp_major_version", 3)));
  CHECK_FALSE(check_request("get_adcp_capabilities", {}));
  CHECK_FALSE(check_request("list_creatives", {{"context", json::object()}}));
}

TEST_CASE("products are asked for without buying_mode and account, as clients before 3.0 do") {
  CHECK_FALSE(check_request("get_products", {}));
  CHECK_FALSE(check_request("get_products", {{"brief", "sports"}}));
  CHECK(line_of(check_request("get_products", {{"buying_mode", "guess"}})) ==
        R"(buying_mode enum: expected "brief", "wholesale" or "refine", found "guess")");
  for (const auto& one : leniencies()) {
    CHECK((one.task.empty() || knows(one.task)));
    CHECK_FALSE(one.reason.empty());
    const auto* required = input_schema(one.task).if_contains("required");
    const bool still = required != nullptr &&
                       std::ranges::find(required->as_array(), json::value(one.member)) != required->as_array().end();
    CHECK_FALSE(still);
  }
}

TEST_CASE("a wrong media buy is told as a buyer needs it") {
  const auto line = [](const json::object& request) { return line_of(check_request("create_media_buy", request)); };
  CHECK(line(buy()) == "fits");
  CHECK(line(with(buy(), "start_time", "2001-01-01T00:00:00Z")) == "fits");  // of the past: the seller's to judge
  const auto package = [](json::value value) { return with(buy(), "packages", json::array({std::move(value)})); };
  CHECK(line(package({{"product_id", "p"}, {"budget", -500}, {"pricing_option_id", "c"}})) ==
        "packages[0].budget minimum: expected a number of at least 0, found -500");
  CHECK(line(package({{"product_id", "p"}, {"budget", "10"}, {"pricing_option_id", "c"}})) ==
        R"(packages[0].budget type: expected a number, found "10")");
  CHECK(line(package(json::object())) ==
        "packages[0].product_id required: expected members "
        R"("product_id", "budget" and "pricing_option_id", found none)");
  CHECK(line(with(buy(), "packages", json::array())) == "packages minItems: expected at least 1 item, found 0");
  CHECK(line(with(buy(), "start_time", "soon")) ==
        R"(start_time oneOf: expected "asap" or a date and time with an offset such as )"
        R"(2026-01-31T12:00:00Z, found "soon")");
  CHECK(line(with(buy(), "account", {{"brand", {{"domain", "a.b"}}}})) ==
        R"(account.operator required: expected member "operator", found none)");
  CHECK(line(with(buy(), "account", json::object())) ==
        R"(account required: expected member "account_id" or members "brand" and "operator", found none)");
  CHECK(line(with(buy(), "brand", {{"domain", "Not A Domain"}})).starts_with("brand.domain pattern: "));
  CHECK(line(with(buy(), "proposal_id", "p1")) ==
        R"(total_budget dependencies: expected member "total_budget" beside proposal_id, found none)");
  CHECK(line(with(buy(), "idempotency_key", "short")) ==
        "idempotency_key minLength: expected 16 to 255 characters, found 5 characters");
  const auto hook =
      line(with(buy(), "push_notification_config",
                {{"url", "https://a.b/"}, {"authentication", {{"schemes", {"Bearer"}}, {"credentials", "hunter2"}}}}));
  CHECK(hook.starts_with("push_notification_config.authentication.credentials minLength: "));
  CHECK(hook.find("hunter2") == std::string::npos);
  auto without = buy();
  without.erase("brand");
  CHECK(line(without) == R"(brand required: expected member "brand", found none)");
}

TEST_CASE("a wrong creative is told by the branch of its asset") {
  const auto line = [](json::value asset) {
    const json::object request = {{"idempotency_key", "0123456789abcdef"},
                                  {"account", {{"account_id", "a"}}},
                                  {"creatives",
                                   {{{"creative_id", "c"},
                                     {"name", "n"},
                                     {"format_id", {{"agent_url", "https://a.b/"}, {"id", "x"}}},
                                     {"assets", {{"main", std::move(asset)}}}}}}};
    return line_of(check_request("sync_creatives", request));
  };
  CHECK(line({{"asset_type", "image"}, {"url", "https://a.b/i.png"}, {"width", 300}, {"height", 250}}) == "fits");
  CHECK(line({{"asset_type", "image"}, {"url", "https://a.b/i.png"}, {"width", 300}}) ==
        R"(creatives[0].assets.main.height required: expected member "height", found none)");
  CHECK(line({{"asset_type", "hologram"}}).starts_with("creatives[0].assets.main.asset_type const: expected "));
}

TEST_CASE("an input schema is small, describes its members and requires what the release does") {
  for (const auto& task : embedded::tasks()) {
    const auto& schema = input_schema(task.name);
    CHECK_MESSAGE(json::serialize(schema).size() < 6'000, task.name);
    CHECK(schema.at("type") == "object");
    CHECK(schema.at("additionalProperties") == true);
    const auto& properties = schema.at("properties").as_object();
    for (const auto& [name, property] : properties) {
      CHECK_MESSAGE(property.as_object().contains("description"), task.name << "." << name);
      // One member may be text or a list, and to name both types is more than some clients read.
      CHECK_MESSAGE((property.as_object().contains("type") || name == "status_filter"), task.name << "." << name);
      CHECK_FALSE(property.as_object().contains("$ref"));
    }
    if (const auto* required = schema.if_contains("required")) {
      for (const auto& name : required->as_array()) CHECK(properties.contains(name.as_string()));
    }
  }
  const auto& products = input_schema("get_products").at("properties");
  CHECK(products.at("buying_mode").at("enum").as_array().size() == 3);
  CHECK(products.at("preferred_delivery_types").at("items").at("type") == "string");
  CHECK(input_schema("get_signals") == json::object{{"type", "object"}});
}
