#include "sandbox/answer.hpp"

namespace tenon::sandbox {

http::response json_answer(unsigned status, const json::value& body) {
  return {.status = status,
          .headers = {{"content-type", "application/json; charset=utf-8"}},
          .body = json::serialize(body)};
}

std::optional<json::object> json_body(const http::request& request) {
  auto type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type != "application/json") return {};
  boost::system::error_code error;
  auto value = json::parse(request.body, error);
  if (error || !value.is_object()) return {};
  return std::move(value.get_object());
}

}  // namespace tenon::sandbox
