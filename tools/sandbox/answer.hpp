#pragma once

#include "http_server/http_server.hpp"
#include "sandbox/store.hpp"

#include <exception>
#include <string>
#include <string_view>

/// Answers as values, and the one way a request is refused.
namespace tenon::sandbox {

http::response json_answer(unsigned status, const json::value& body);

/// Thrown by whatever finds a request wrong; the router turns it into the answer it carries. Never leaves the sandbox.
class refused : public std::exception {
 public:
  explicit refused(http::response answer) : answer_(std::move(answer)) {}
  const http::response& answer() const noexcept { return answer_; }
  const char* what() const noexcept override { return answer_.body.c_str(); }

 private:
  http::response answer_;
};

/// The body as a JSON object. Nothing when the content type is not JSON or the text is not an object.
std::optional<json::object> json_body(const http::request& request);

}  // namespace tenon::sandbox
