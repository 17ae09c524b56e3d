#include "sandbox/control.hpp"

#include "sandbox/gam/delivery.hpp"
#include "sandbox/gam/inventory.hpp"
#include "sandbox/kevel/flights.hpp"
#include "sandbox/kevel/inventory.hpp"
#include "sandbox/page.hpp"
#include "sandbox/world.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox {
namespace {

http::response not_found(std::string_view what) {
  return json_answer(404, json::object{{"error", std::string(what) + " is not there"}});
}
http::response done() { return json_answer(200, json::object{{"ok", true}}); }

http::response exchange_token(call& request) { return request.all->tokens.exchange(request.request, request.now); }

http::response health(call&) { return done(); }

http::response show_traffic(call& request) { return json_answer(200, request.all->counters.show()); }

http::response show_page(call&) {
  return {.status = 200,
          .headers = {{"content-type", "text/html; charset=utf-8"},
                      {"content-security-policy",
                       "default-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"},
                      {"cache-control", "no-store"}},
          .body = std::string(page())};
}

http::response show_networks(call& request) {
  json::array gam;
  json::array kevel;
  for (const auto& [code, network] : request.all->gam) gam.push_back(json::string(code));
  for (const auto& [name, network] : request.all->kevel.networks) kevel.push_back(json::string(name));
  return json_answer(200, json::object{{"gam", std::move(gam)}, {"kevel", std::move(kevel)}});
}

http::response show_faults(call& request) { return json_answer(200, request.all->faults.show()); }

http::response reset(call& request) {
  request.all->seed();
  request.all->counters.clear();
  request.all->faults.clear();
  return done();
}

http::response add_fault(call& request) {
  const auto body = json_body(request.request);
  if (!body)
    return json_answer(400, json::object{{"error", "expected a JSON object with Content-Type: application/json"}});
  request.all->faults.add(read_fault(*body));
  return done();
}

http::response set_limits(call& request) {
  const auto body = json_body(request.request);
  if (!body)
    return json_answer(400, json::object{{"error", "expected a JSON object with Content-Type: application/json"}});
  read_limits(*body, request.all->limits);
  return done();
}

http::response clear_faults(call& request) {
  request.all->faults.clear();
  return done();
}

http::response revoke_tokens(call& request) {
  request.all->tokens.revoke_all();
  return done();
}

http::response show_gam(call& request) {
  const auto at = request.all->gam.find(request.ids[0]);
  if (at == request.all->gam.end()) return not_found("network " + request.ids[0]);
  json::object made;
  for (const auto& [name, objects] : at->second.objects) {
    json::array all;
    objects.each([&](const record& held) { all.push_back(gam::show(at->second, name, held, request.now)); });
    made[name] = std::move(all);
  }
  return json_answer(200, made);
}

http::response show_kevel(call& request) {
  const auto at = request.all->kevel.networks.find(request.ids[0]);
  if (at == request.all->kevel.networks.end()) return not_found("key " + request.ids[0]);
  request.kevel = &at->second;
  json::object made;
  for (const auto& [name, objects] : at->second.objects) {
    json::array all;
    objects.each(
        [&](const record& held) { all.push_back(name == "flight" ? kevel::show_flight(request, held) : held.fields); });
    made[name] = std::move(all);
  }
  json::object ignored;
  for (const auto& [name, count] : at->second.ignored_fields) ignored[name] = count;
  made["ignoredFields"] = std::move(ignored);
  return json_answer(200, made);
}

constexpr std::array token_table{endpoint{"POST", "/token", exchange_token}};
constexpr std::array control_table{endpoint{"GET", "/_sandbox/healthz", health},
                                   endpoint{"GET", "/_sandbox/", show_page},
                                   endpoint{"GET", "/_sandbox/networks", show_networks},
                                   endpoint{"GET", "/_sandbox/faults", show_faults},
                                   endpoint{"GET", "/_sandbox/traffic", show_traffic},
                                   endpoint{"POST", "/_sandbox/reset", reset},
                                   endpoint{"POST", "/_sandbox/faults", add_fault},
                                   endpoint{"DELETE", "/_sandbox/faults", clear_faults},
                                   endpoint{"POST", "/_sandbox/limits", set_limits},
                                   endpoint{"DELETE", "/_sandbox/tokens", revoke_tokens},
                                   endpoint{"GET", "/_sandbox/state/gam/{network}", show_gam},
                                   endpoint{"GET", "/_sandbox/state/kevel/{key}", show_kevel}};

}  // namespace

std::span<const endpoint> token_routes() noexcept { return token_table; }
std::span<const endpoint> control_routes() noexcept { return control_table; }

void world::seed() {
  seeded = true;
  for (auto& [code, network] : gam) {
    network = {.code = code};
    gam::seed(network);
  }
  auto last_id = kevel_world().last_id;
  for (auto& [name, network] : kevel.networks) {
    network = {.key_name = name, .first_id = network.first_id};
    kevel.last_id = network.first_id;
    kevel::seed(kevel, network);
    last_id = std::max(last_id, kevel.last_id);
  }
  kevel.last_id = last_id;
}

}  // namespace tenon::sandbox
