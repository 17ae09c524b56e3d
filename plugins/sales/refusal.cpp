#include "refusal.hpp"

namespace tenon::sales {
namespace {

constexpr std::size_t longest_detail = 2000;

bool is_success(sdk::http_response const& response) { return response.status() >= 200 && response.status() <= 299; }

}  // namespace

std::string detail_of(std::string_view server, refusal const& answer) {
  auto text = std::string(server) + " answered " + std::to_string(answer.status) + ": " + answer.body;
  if (text.size() > longest_detail) {
    text.resize(longest_detail);
    text += " ...";
  }
  return text;
}

std::chrono::seconds delay_of(refusal const& answer, instant now, std::chrono::seconds otherwise) {
  return parse_retry_after(answer.retry_after, now).value_or(otherwise);
}

sdk::error rate_limited(refusal const& answer, instant now, std::chrono::seconds otherwise, std::string detail) {
  return sdk::errors::rate_limited(delay_of(answer, now, otherwise), std::move(detail));
}

sdk::error unavailable(refusal const& answer, instant now, std::string detail) {
  auto const asked = parse_retry_after(answer.retry_after, now);
  return asked ? sdk::errors::service_unavailable(std::move(detail), *asked)
               : sdk::errors::service_unavailable(std::move(detail));
}

void require_answer(sdk::http_response const& response, bool writes, std::string const& where, instant now) {
  if (writes && may_have_taken_effect(response)) {
    outcome_unknown unclear(where +
                            (response.arrived() ? "status " + std::to_string(response.status()) : response.message()));
    if (auto const asked = parse_retry_after(response.header("retry-after"), now)) {
      unclear.retry_after(*asked);
    }
    throw unclear;
  }
  if (!response.arrived()) {
    throw sdk::errors::service_unavailable(where + response.message());
  }
}

json::object object_in(sdk::http_response const& response, bool writes, std::string const& where) {
  if (auto found = read_object(response.body())) {
    return std::move(*found);
  }
  auto const what = where + "expected a JSON object, found " + std::to_string(response.body().size()) +
                    " bytes that are none, with status " + std::to_string(response.status());
  if (writes) {
    throw outcome_unknown(what);
  }
  throw sdk::errors::service_unavailable(what);
}

std::optional<refusal> refusal_in(sdk::http_response const& response) {
  if (is_success(response)) {
    return std::nullopt;
  }
  return refusal{response.status(), std::string(response.header("retry-after")), response.body()};
}

}  // namespace tenon::sales
