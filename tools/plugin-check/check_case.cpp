#include "check_case.hpp"

#include <iterator>
#include <utility>

namespace tenon::plugin_check {

outcome passed(boost::json::object figures) { return {verdict::pass, {}, {}, std::move(figures)}; }

outcome failed(std::string reason, std::string advice) {
  return {verdict::fail, std::move(reason), std::move(advice), {}};
}

outcome skipped(std::string reason) { return {verdict::skip, std::move(reason), {}, {}}; }

outcome as_told(std::string wrong) {
  if (wrong.empty()) return passed();
  const auto at = wrong.rfind("; ");
  if (at == std::string::npos) return failed(std::move(wrong), {});
  auto advice = wrong.substr(at + 2);
  wrong.resize(at);
  return failed(std::move(wrong), std::move(advice));
}

std::vector<check_case> all_cases() {
  std::vector<check_case> all;
  for (auto* group : {static_cases, abi_cases, contract_cases, speed_cases, lifecycle_cases}) {
    auto cases = group();
    all.insert(all.end(), std::make_move_iterator(cases.begin()), std::make_move_iterator(cases.end()));
  }
  return all;
}

unsigned sanitizer_factor() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 10;
#else
  return 1;
#endif
}

}  // namespace tenon::plugin_check
