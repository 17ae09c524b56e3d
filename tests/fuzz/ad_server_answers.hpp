#pragma once

#include <tenon/sdk/testing/fake_host.hpp>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What an ad server may answer to a plugin, made up by a fuzzer.
///
///     3                       which task, by its last digit
///     -                       the first request gets what a healthy ad server says
///     200 {"orders": [...]}   the second one this
///     503 <html>
///     !                       no answer: the connection broke when the request was sent
///
/// Requests beyond the last line get what a healthy ad server says.
namespace tenon::fuzz {

namespace sdk_testing = sdk::testing;

class answers {
 public:
  explicit answers(std::string_view input) {
    task_ = take_line(input);
    while (!input.empty() && lines_.size() < 1000) lines_.push_back(take_line(input));
  }

  std::size_t task() const {
    return task_.empty() || task_.back() < '0' || task_.back() > '9' ? 0 : static_cast<std::size_t>(task_.back() - '0');
  }

  /// The answer to the next request.
  template <class Healthy>
  sdk_testing::scripted_answer next(Healthy healthy) {
    if (at_ == lines_.size()) return healthy();
    const auto line = lines_[at_++];
    if (line == "-") return healthy();
    if (line == "!") return sdk_testing::scripted_answer(sdk::http_phase::sent, "the connection broke");
    unsigned status = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), status);
    if (read.ec != std::errc{} || status < 100 || status > 599) return healthy();
    const auto used = static_cast<std::size_t>(read.ptr - line.data());
    return sdk_testing::scripted_answer(status, std::string(line.substr(std::min(used + 1, line.size()))));
  }

 private:
  static std::string_view take_line(std::string_view& from) {
    const auto end = std::min(from.find('\n'), from.size());
    const auto line = from.substr(0, end);
    from.remove_prefix(std::min(end + 1, from.size()));
    return line;
  }

  std::string_view task_;
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

/// What must hold whatever an ad server says. Ends the program if it does not, which is what the fuzzer looks for.
inline void expect(bool holds) {
  if (!holds) std::abort();
}

/// Asks for a task and waits for as long as a buyer would: there is an answer, and a refusal says which.
inline void ask(sdk_testing::fake_host& host, std::string_view task, const sdk::json::object& request) {
  sdk_testing::call_options options;
  options.idempotency_key("0123456789abcdef");
  const auto pending = host.call(task, request, options);
  host.advance(std::chrono::minutes(30));
  expect(pending.done());
  const auto& reply = pending.reply();
  if (reply.submitted()) return;
  expect(reply.ok() ? reply.body().is_object() : !reply.code().empty());
  expect(reply.code() != "INTERNAL_ERROR");
}

}  // namespace tenon::fuzz
