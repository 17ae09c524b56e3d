#include "sandbox/gam/batch.hpp"

#include <utility>

namespace tenon::sandbox::gam {
namespace {

/// Where a member of one of the requests stands: requests[3].creative.
std::string place(std::size_t index, std::string_view member) {
  return "requests[" + std::to_string(index) + "]." + std::string(member);
}

json::object body_of_batch(call& request) {
  allow_query(request);
  auto body = body_of(request);
  allow_only(body, {"requests"});
  return body;
}

void check_network(const call& request, const std::string& parent, const std::string& path) {
  if (parent != request.gam->name())
    throw invalid(path, "Expected the parent of the batch, " + request.gam->name() + ".");
}

}  // namespace

http::response create_batch(call& request, const batch_kind& kind) {
  const auto body = body_of_batch(request);
  const auto& requests = requests_of(body);
  std::vector<json::object> made;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& each = requests[i].get_object();
    allow_only(each, {"parent", kind.name}, place(i, ""));
    const auto& given = object_of(each, kind.name);
    const std::string parent(text_of(each, "parent"));
    if (kind.check_parent)
      kind.check_parent(request, given, parent, place(i, "parent"));
    else
      check_network(request, parent, place(i, "parent"));
    made.push_back(kind.prepare(request, given, place(i, kind.name)));
    if (kind.check_together) kind.check_together(made);
  }
  json::array shown;
  for (auto& fields : made) shown.push_back(kind.store_new(request, std::move(fields)));
  return answer(request, json::object{{kind.plural, std::move(shown)}});
}

http::response update_batch(call& request, const batch_kind& kind) {
  const auto body = body_of_batch(request);
  const auto& requests = requests_of(body);
  std::vector<std::pair<record*, json::object>> made;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& each = requests[i].get_object();
    allow_only(each, {kind.name, "updateMask"}, place(i, ""));
    const auto& given = object_of(each, kind.name);
    auto& held = existing(*request.gam, kind.collection, text_of(given, "name"));
    made.emplace_back(&held,
                      kind.prepare_update(request, held, given, text_of(each, "updateMask"), place(i, kind.name)));
  }
  json::array shown;
  for (auto& [held, fields] : made) shown.push_back(kind.store_update(request, *held, std::move(fields)));
  return answer(request, json::object{{kind.plural, std::move(shown)}});
}

}  // namespace tenon::sandbox::gam
