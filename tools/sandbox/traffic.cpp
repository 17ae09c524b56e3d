#include "sandbox/traffic.hpp"

namespace tenon::sandbox {

void traffic::count(std::string_view route, std::string_view credential, unsigned status) {
  auto& counter = routes_[std::string(route)];
  ++counter.total;
  ++counter.by_credential[std::string(credential)];
  ++counter.by_status[status == 0 ? "dropped" : std::to_string(status)];
}

json::object traffic::show() const {
  const auto counts = [](const std::map<std::string, std::uint64_t>& from) {
    json::object made;
    for (const auto& [name, count] : from) made[name] = count;
    return made;
  };
  json::object routes;
  for (const auto& [name, counter] : routes_)
    routes[name] = json::object{{"total", counter.total},
                                {"by_credential", counts(counter.by_credential)},
                                {"by_status", counts(counter.by_status)}};
  return {{"routes", std::move(routes)}};
}

}  // namespace tenon::sandbox
