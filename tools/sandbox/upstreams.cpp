#include "sandbox/upstreams.hpp"

#include "sandbox/disk.hpp"

#include "sandbox/gam/error.hpp"
#include "sandbox/gam/inventory.hpp"
#include "sandbox/kevel/entity.hpp"
#include "sandbox/kevel/inventory.hpp"

#include <algorithm>

namespace tenon::sandbox {
namespace {

http::response unserved(api which, const http::request& request, bool path_known) {
  if (which == api::gam)
    return gam::failure(404, "NOT_FOUND", "There is no method " + request.method + " " + request.path + ".").answer();
  const auto status = path_known ? 405u : 404u;
  return json_answer(status, json::object{{"message", path_known ? "Method not allowed." : "Not found."}});
}

/// Reports are made with POST, and the read-only scope covers them.
bool needs_full_scope(const endpoint& row) {
  return row.method != "GET" && row.pattern.find("/reports") == row.pattern.npos;
}

std::string_view bearer_of(const http::request& request) {
  const auto text = request.header("authorization");
  return text.starts_with("Bearer ") ? text.substr(7) : std::string_view();
}

}  // namespace

void upstreams::configure(oauth_options options) {
  const std::scoped_lock lock(mutex_);
  world_.tokens.configure(std::move(options));
}

void upstreams::add(const service_account& account) {
  const std::scoped_lock lock(mutex_);
  for (const auto& code : account.networks) {
    const auto [at, fresh] = world_.gam.try_emplace(code, gam_network{.code = code});
    if (fresh) gam::seed(at->second);
  }
  world_.tokens.add(account);
}

void upstreams::add(const api_key& key) {
  const std::scoped_lock lock(mutex_);
  world_.kevel_keys.insert_or_assign(key.secret, key.name);
  const auto [at, fresh] = world_.kevel.networks.try_emplace(
      key.name, kevel_network{.key_name = key.name, .first_id = world_.kevel.last_id});
  if (fresh) kevel::seed(world_.kevel, at->second);
}

void upstreams::keep_on(std::shared_ptr<disk> kept) {
  const std::scoped_lock lock(mutex_);
  disk_ = std::move(kept);
  disk_->load(world_);
  disk_->save(world_);
}

outcome upstreams::handle(const http::request& request) {
  const std::scoped_lock lock(mutex_);
  auto made = answer(request);
  if (disk_) disk_->save(world_);
  return made;
}

outcome upstreams::answer(const http::request& request) {
  const auto which = api_of(request.path);
  auto found = route(request.method, request.path);
  const auto who = identify(which, request);
  if (!found.served) {
    outcome made{.response = unserved(which, request, found.path_known)};
    world_.counters.count(request.method + " (unserved)", who.name, made.response.status);
    return made;
  }
  auto made_call = make_call(request, std::move(found.ids), *found.served);
  if (which == api::control) return {.response = serve(which, *found.served, made_call, who)};

  const auto name = route_name(*found.served);
  const auto armed = world_.faults.take(name, who.name).value_or(fault());
  if (armed.expires_tokens) world_.tokens.revoke_all();
  made_call.now += armed.skew;
  outcome made{.latency = armed.latency,
               .answered = armed.drop == dropped::no || armed.reset,
               .commits_late = armed.commits_late};
  if (armed.response)
    made.response = *armed.response;
  else if (armed.drop != dropped::before)
    made.response = serve(which, *found.served, made_call, armed.expires_tokens ? identify(which, request) : who);
  made.response.sent = armed.sent;
  if (armed.reset) made.response.sent.reset = http::disruption::cut::before;
  if (armed.truncated) made.response.body.resize(made.response.body.size() / 2);
  world_.counters.count(name, who.name, armed.drop == dropped::no ? made.response.status : 0);
  return made;
}

void upstreams::limit(const json::object& limits) {
  const std::scoped_lock lock(mutex_);
  read_limits(limits, world_.limits);
}

void upstreams::perform(const http::request& request) {
  const std::scoped_lock lock(mutex_);
  const auto which = api_of(request.path);
  auto found = route(request.method, request.path);
  if (!found.served) return;
  auto made_call = make_call(request, std::move(found.ids), *found.served);
  static_cast<void>(serve(which, *found.served, made_call, identify(which, request)));
  if (disk_) disk_->save(world_);
}

call upstreams::make_call(const http::request& request, std::vector<std::string> ids, const endpoint& row) {
  return {.request = request,
          .now = std::chrono::floor<std::chrono::seconds>(clock_.wall_now()),
          .query = parse_form(request.query),
          .ids = std::move(ids),
          .subject = row.subject,
          .all = &world_};
}

upstreams::caller upstreams::identify(api which, const http::request& request) const {
  switch (which) {
    case api::token: return {.name = world_.tokens.claimed_account(request)};
    case api::gam: {
      const auto bearer = bearer_of(request);
      const auto* held = world_.tokens.find(bearer);
      return {.name = held ? held->email : bearer.empty() ? "none" : "unknown", .token = held};
    }
    case api::kevel: {
      auto secret = request.header("x-adzerk-apikey");
      if (secret.empty()) secret = request.header("x-kevel-apikey");
      const auto at = world_.kevel_keys.find(secret);
      if (at != world_.kevel_keys.end()) return {.name = at->second, .kevel_key = at->second};
      return {.name = secret.empty() ? "none" : "unknown"};
    }
    case api::control: break;
  }
  return {.name = "control"};
}

http::response upstreams::serve(api which, const endpoint& row, call& request, const caller& who) {
  try {
    if (which == api::gam) enter_gam(row, request, who);
    if (which == api::kevel) enter_kevel(row, request, who);
    if (which == api::gam && !world_.limits.gam.take(request.gam->code, clock_.steady_now()))
      throw gam::failure(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per second of this network.");
    if (which == api::kevel && !world_.limits.kevel.take(who.kevel_key, clock_.steady_now()))
      throw kevel::failure(429, "Too many requests");
    return row.handle(request);
  } catch (const refused& no) {
    return no.answer();
  }
}

void upstreams::enter_gam(const endpoint& row, call& request, const caller& who) {
  if (bearer_of(request.request).empty()) throw gam::unauthenticated("CREDENTIALS_MISSING");
  if (!who.token) throw gam::unauthenticated("ACCESS_TOKEN_INVALID");
  if (who.token->expires <= request.now) throw gam::unauthenticated("ACCESS_TOKEN_EXPIRED");
  if (who.token->read_only && needs_full_scope(row))
    throw gam::permission_denied("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "Request had insufficient authentication scopes.");
  const auto network = world_.gam.find(request.ids.at(0));
  if (network == world_.gam.end()) throw gam::not_found("networks/" + request.ids.at(0));
  if (std::ranges::count(who.token->networks, network->first) == 0)
    throw gam::permission_denied("NO_NETWORKS_TO_ACCESS",
                                 "The caller is not a user of network " + network->first + ".");
  request.gam = &network->second;
}

void upstreams::enter_kevel(const endpoint& row, call& request, const caller& who) {
  const bool report = row.pattern.find("/report/") != row.pattern.npos;
  if (who.kevel_key.empty()) throw kevel::failure(report ? 403 : 401, "The API key is missing or not valid.");
  request.kevel_all = &world_.kevel;
  request.kevel = &world_.kevel.networks.at(who.kevel_key);
}

}  // namespace tenon::sandbox
