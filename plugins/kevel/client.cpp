#include "client.hpp"

#include <tenon/sdk/text.hpp>

#include <boost/json/serialize.hpp>

namespace tenon::kevel {
namespace {

constexpr int most_pages = 200;

}  // namespace

sdk::task<json::object> client::exchange(sdk::http_request request, bool writes, subject about, sales::deadline until,
                                         sales::bounded by_deadline) {
  sales::patient_http const http(context_, settings_.quota, by_deadline);
  auto const where = request.method() + " " + request.url() + ": ";
  request.secret_header("X-Adzerk-ApiKey", "", "api_key");
  auto const response = co_await http.send(std::move(request), until);
  sales::require_answer(response, writes, where, now());
  if (auto const answer = sales::refusal_in(response)) {
    throw error_from(*answer, about, now());
  }
  co_return sales::object_in(response, writes, where);
}

sdk::task<json::object> client::get(std::string path, subject about, sales::deadline until) {
  sdk::http_request request("GET", settings_.api_base + path);
  return exchange(std::move(request), false, about, until);
}

sdk::task<json::object> client::get_in_handshake(std::string path, subject about) {
  sdk::http_request request("GET", settings_.api_base + path);
  return exchange(std::move(request), false, about, sales::handshake_deadline(context_), sales::bounded::waiting);
}

sdk::task<json::object> client::write(std::string method, std::string path, json::object body, subject about,
                                      sales::deadline until) {
  sdk::http_request request(std::move(method), settings_.api_base + path);
  request.header("content-type", "application/json").body(json::serialize(body));
  return exchange(std::move(request), true, about, until);
}

sdk::task<json::array> client::search(std::string path, std::string field, std::string value, sales::deadline until) {
  sdk::http_request request("POST", settings_.api_base + path);
  request.header("content-type", "application/x-www-form-urlencoded").body(sdk::form_urlencode({{field, value}}));
  auto const answer = co_await exchange(std::move(request), false, subject::other, until);
  co_return sales::upstream_array(answer, "items");
}

sdk::task<json::array> client::list(std::string path, subject about, sales::deadline until) {
  json::array all;
  auto const joint = path.find('?') == std::string::npos ? "?" : "&";
  for (int page = 1; page <= most_pages; ++page) {
    auto const query = path + joint + "page=" + std::to_string(page) + "&pageSize=500";
    auto const answer = co_await get(query, about, until);
    auto items = sales::upstream_array(answer, "items");
    if (items.empty()) {
      co_return all;
    }
    all.insert(all.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  }
  throw sdk::errors::service_unavailable("The list " + path + " has more than " + std::to_string(most_pages) +
                                         " pages");
}

}  // namespace tenon::kevel
