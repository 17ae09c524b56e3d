#pragma once

#include "adcp_desk.hpp"
#include "front.hpp"
#include "host_fixture.hpp"

#include <boost/asio/thread_pool.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace tenon::tenond {

using testing::host_directory;
using testing::host_fixture;

/// `front` with the tenant acme behind it, which the echo plugin serves, and one buyer. Requests go in as values.
struct front_world {
  front_world()
      : buyers(std::vector<principal>{{"buyer", "930bbdc51b6aed5c2a5678fd6e28dee7a05e8a4b643cfc0b4427c3efb86c0d94"}}) {
    files.drop(TENON_TEST_PLUGINS "/echo.so", "echo");
    files.write_tenant("acme",
                       "plugin = \"echo\"\nhosts = [\"acme.example.com\"]\naccounts = [{ id = \"acme-main\" }]\n"
                       "specialisms = [\"sales-guaranteed\"]\nsettings = { tag = \"a\" }\n");
    host = std::make_unique<host_fixture>(files);
    open_desk();
    under_test = std::make_unique<front>(**host, buyers, *desk);
  }

  ~front_world() { disk.join(); }

  void open_desk() {
    books = desk_books::open(files.root() / "desk", system_clock()).value();
    desk = adcp_desk::make(**host, books, disk.get_executor());
    desk->on_webhook([this] { ++wakes; });
  }

  http::response send(http::request request) {
    auto promise = std::make_shared<std::promise<http::response>>();
    auto pending = promise->get_future();
    under_test->handle(std::move(request), [promise](http::response answer) { promise->set_value(std::move(answer)); });
    return host_fixture::wait(std::move(pending));
  }

  http::response post(const std::string& body, const std::string& path = "/t/acme/mcp", http::header_list more = {}) {
    http::request request{
        .method = "POST", .path = path, .query = {}, .headers = std::move(more), .body = body, .peer = {}};
    request.headers.emplace_back("authorization", "Bearer secret-token");
    request.headers.emplace_back("content-type", "application/json");
    return send(std::move(request));
  }

  boost::json::object rpc(const std::string& method, boost::json::object params = {},
                          const std::string& path = "/t/acme/mcp", http::header_list more = {}) {
    const boost::json::object message{{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", std::move(params)}};
    const auto answer = post(boost::json::serialize(message), path, std::move(more));
    CHECK(answer.status == 200);
    auto body = boost::json::parse(answer.body).as_object();
    CHECK(body.at("id") == 7);
    return body;
  }

  boost::json::object call(const std::string& tool, boost::json::object arguments,
                           const std::string& path = "/t/acme/mcp", http::header_list more = {}) {
    auto body = rpc("tools/call", {{"name", tool}, {"arguments", std::move(arguments)}}, path, std::move(more));
    return body.at("result").as_object();
  }

  /// What create_media_buy needs, and more.
  static boost::json::object buy(const boost::json::object& more) {
    boost::json::object all{{"brand", {{"domain", "nova.example"}}},
                            {"start_time", "asap"},
                            {"end_time", "2035-12-31T00:00:00Z"},
                            {"packages", boost::json::array{boost::json::object{
                                             {"product_id", "p"}, {"pricing_option_id", "o"}, {"budget", 1}}}}};
    for (const auto& [key, value] : more) all[key] = value;
    return all;
  }

  host_directory files;
  authenticator buyers;
  std::unique_ptr<host_fixture> host;
  boost::asio::thread_pool disk{1};
  desk_books books;
  std::shared_ptr<adcp_desk> desk;
  std::atomic<int> wakes = 0;
  std::unique_ptr<front> under_test;
};

}  // namespace tenon::tenond
