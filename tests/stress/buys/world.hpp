#pragma once

#include "host_fixture.hpp"
#include "sandbox/service.hpp"

#include <tenon/clock.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace tenon::testing {

namespace json = boost::json;

/// The stand-ins for both ad servers on a socket, with one network and one key.
class ad_servers {
 public:
  static constexpr std::string_view network = "123456";
  static constexpr std::string_view key = "demo";

  explicit ad_servers(const std::filesystem::path& keys) {
    auto started = sandbox::service::start(context_.get_executor(), served, 0);
    if (!started) throw error_exception(started.error());
    service_ = std::move(*started);
    served.configure({.token_uri = url() + "/token"});
    std::filesystem::create_directories(keys);
    const auto account = sandbox::make_service_account(network);
    served.add(account);
    sandbox::write_file(keys / "gam.json", sandbox::key_file(account, url() + "/token"));
    const auto secret = sandbox::make_api_key(key);
    served.add(secret);
    sandbox::write_file(keys / "kevel.key", secret.secret);
    thread_ = std::thread([this] { context_.run(); });
  }
  ad_servers(const ad_servers&) = delete;
  ad_servers& operator=(const ad_servers&) = delete;
  ~ad_servers() {
    std::promise<void> ended;
    service_->stop([&ended] { ended.set_value(); });
    ended.get_future().wait();
    guard_.reset();
    context_.stop();
    thread_.join();
  }

  std::string url() const { return service_->base_url(); }

  json::value control(const std::string& method, const std::string& path, const json::value& body = {}) {
    http::request request{.method = method, .path = path, .query = {}, .headers = {}, .body = {}, .peer = {}};
    if (!body.is_null()) {
      request.headers.emplace_back("content-type", "application/json");
      request.body = json::serialize(body);
    }
    const auto answered = served.handle(request).response;
    if (answered.status != 200) throw std::runtime_error(method + " " + path + ": " + answered.body);
    return json::parse(answered.body);
  }
  void arm(const json::object& fault) { control("POST", "/_sandbox/faults", fault); }
  void clear_faults() { control("DELETE", "/_sandbox/faults"); }
  json::object gam() { return control("GET", "/_sandbox/state/gam/" + std::string(network)).as_object(); }
  json::object kevel() { return control("GET", "/_sandbox/state/kevel/" + std::string(key)).as_object(); }
  /// How often anything was asked.
  std::int64_t requests() {
    std::int64_t count = 0;
    const auto counted = control("GET", "/_sandbox/traffic").at("routes").as_object();
    for (const auto& [route, counter] : counted) count += counter.at("total").to_number<std::int64_t>();
    return count;
  }
  /// How often a route was asked, by all.
  std::int64_t traffic(const std::string& route) {
    const auto counted = control("GET", "/_sandbox/traffic").at("routes").as_object();
    const auto* const found = counted.if_contains(route);
    return found == nullptr ? 0 : found->at("total").to_number<std::int64_t>();
  }

  /// How many requests were too much, for "gam" or "kevel".
  std::int64_t refused(const std::string& which) {
    std::int64_t count = 0;
    const auto counted = control("GET", "/_sandbox/traffic").at("routes").as_object();
    for (const auto& [route, counter] : counted) {
      if ((route.find("/kevel/") != std::string_view::npos) != (which == "kevel")) continue;
      if (const auto* const found = counter.at("by_status").as_object().if_contains("429"))
        count += found->to_number<std::int64_t>();
    }
    return count;
  }

  sandbox::upstreams served{system_clock()};

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  std::shared_ptr<sandbox::service> service_;
  std::thread thread_;
};

/// A host directory with one tenant on each plugin, against these ad servers.
class two_sellers : public host_directory {
 public:
  explicit two_sellers(const std::string& tables = "") : host_directory(tables), servers(root() / "keys") {
    for (const char* plugin : {"gam", "kevel"})
      drop(std::filesystem::path(TENON_TEST_PLUGINS) / (std::string(plugin) + ".so"), plugin);
  }

  /// `more`: further settings, each followed by a comma.
  void write_gam(const std::string& tenant, const std::string& more = "", const std::string& limits = "") {
    write_tenant(tenant, "plugin = \"gam\"\n" + limits + "[settings]\nnetwork_code = \"" +
                             std::string(ad_servers::network) +
                             "\"\nadvertiser_id = \"555\"\ntrafficker_id = \"77\"\napi_base = \"" + servers.url() +
                             "/v1\"\nservice_account = { file = \"" + (root() / "keys/gam.json").string() + "\" }\n" +
                             more + product("ad_unit_ids = [\"99\"]"));
  }
  void write_kevel(const std::string& tenant, const std::string& more = "", const std::string& limits = "") {
    const auto inventory = servers.kevel();
    const auto id_of = [&](const char* entity) {
      return std::to_string(inventory.at(entity).at(0).at("Id").to_number<std::int64_t>());
    };
    const auto& zone = inventory.at("zone").at(0);
    write_tenant(tenant, "plugin = \"kevel\"\n" + limits + "[settings]\nadvertiser_id = " + id_of("advertiser") +
                             "\napi_base = \"" + servers.url() + "/kevel/v1\"\napi_key = { file = \"" +
                             (root() / "keys/kevel.key").string() + "\" }\n" + more +
                             product("priority_id = " + id_of("priority") + "\nplaces = [{ site_id = " +
                                     std::to_string(zone.at("SiteId").to_number<std::int64_t>()) + " }]"));
  }

  /// A buy of that many packages, from the day after tomorrow on.
  static std::string buy(const std::string& key, int packages) {
    json::array all;
    for (int count = 0; count < packages; ++count)
      all.push_back({{"product_id", "sports"}, {"pricing_option_id", "fixed"}, {"budget", 100 + count}});
    return json::serialize(json::object{{"brand", {{"domain", "acme.example"}}},
                                        {"start_time", "asap"},
                                        {"end_time", "2035-12-31T00:00:00Z"},
                                        {"idempotency_key", key},
                                        {"packages", std::move(all)}});
  }

  ad_servers servers;

 private:
  static std::string product(const std::string& terms) {
    return "[[settings.products]]\nproduct_id = \"sports\"\nname = \"Sports\"\ndelivery_type = \"guaranteed\"\n"
           "format_ids = [{ agent_url = \"https://f.example\", id = \"display_300x250\" }]\n"
           "pricing_options = [{ pricing_option_id = \"fixed\", pricing_model = \"cpm\", currency = \"USD\", rate = "
           "10.0 }]\n" +
           terms + "\n";
  }
};

}  // namespace tenon::testing
