#include "client.hpp"

#include <tenon/sdk/text.hpp>

#include <boost/json/serialize.hpp>

namespace tenon::gam {
namespace {

constexpr std::size_t most_pages = 100;

}  // namespace

client::client(sdk::platform_context context, gam_settings const& settings)
    : context_(context), settings_(settings), tokens_(context, settings.scope) {}

std::string client::url_of(std::string const& path) const {
  if (path.starts_with("networks/")) {
    return settings_.api_base + "/" + path;
  }
  return settings_.api_base + "/" + settings_.network + "/" + path;
}

sdk::task<json::object> client::exchange(std::string method, std::string path, std::string body, subject about,
                                         sales::deadline until, sales::bounded by_deadline) {
  sales::patient_http const http(context_, settings_.quota, by_deadline);
  auto const url = url_of(path);
  for (int attempt = 0;; ++attempt) {
    auto const bounds_all = by_deadline == sales::bounded::exchanges;
    auto const token = co_await tokens_.token(bounds_all ? until : std::nullopt);
    sdk::http_request request(method, url);
    request.header("authorization", "Bearer " + token);
    if (!body.empty()) {
      request.header("content-type", "application/json").body(body);
    }
    auto const response = co_await http.send(std::move(request), until);
    if (response.arrived() && response.status() == 401 && attempt == 0) {
      tokens_.drop(token);
      continue;
    }
    auto const where = method + " " + url + ": ";
    sales::require_answer(response, method != "GET", where, now());
    if (auto const answer = sales::refusal_in(response)) {
      if (reasons_in(answer->body).has("NO_FORECAST_YET")) {
        throw forecast_pending(where + answer->body);
      }
      throw error_from(*answer, about, now());
    }
    co_return sales::object_in(response, method != "GET", where);
  }
}

sdk::task<json::object> client::get(std::string path, subject about, sales::deadline until) {
  return exchange("GET", std::move(path), {}, about, until, sales::bounded::exchanges);
}

sdk::task<json::object> client::get_in_handshake(std::string path, subject about) {
  return exchange("GET", std::move(path), {}, about, sales::handshake_deadline(context_), sales::bounded::waiting);
}

sdk::task<json::object> client::write(std::string method, std::string path, json::object body, subject about,
                                      sales::deadline until) {
  return exchange(std::move(method), std::move(path), json::serialize(body), about, until, sales::bounded::exchanges);
}

sdk::task<json::array> client::list(std::string path, std::string member, std::string filter, subject about,
                                    sales::deadline until) {
  json::array all;
  std::string token;
  for (std::size_t page = 0; page < most_pages; ++page) {
    auto query = path + "?pageSize=1000";
    if (!filter.empty()) {
      query += "&filter=" + sdk::percent_encode(filter);
    }
    if (!token.empty()) {
      query += "&pageToken=" + sdk::percent_encode(token);
    }
    auto const answer = co_await get(std::move(query), about, until);
    for (auto& item : sales::upstream_array(answer, member)) {
      all.push_back(std::move(item));
    }
    token = sales::upstream_text(answer, "nextPageToken");
    if (token.empty()) {
      co_return all;
    }
  }
  throw sdk::errors::service_unavailable("The list " + path + " has more than " + std::to_string(most_pages) +
                                         " pages");
}

std::string equals(std::string_view name, std::string_view value) {
  std::string text(name);
  text += " = \"";
  for (char const c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
    }
    text += c;
  }
  return text + "\"";
}

std::string last_segment(std::string_view resource) { return std::string(resource.substr(resource.rfind('/') + 1)); }

}  // namespace tenon::gam
