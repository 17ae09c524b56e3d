#include "changes.hpp"

#include "flight.hpp"

namespace tenon::kevel {
namespace {

// Dates of the whole buy move every package that is still live; a package's own say wins.
json::object with_shared(json::object update, json::object const& request) {
  for (auto const* member : {"start_time", "end_time"}) {
    auto const* shared = sales::find(request, member);
    if (shared != nullptr && sales::find(update, member) == nullptr) {
      update[member] = *shared;
    }
  }
  return update;
}

}  // namespace

std::vector<flight_change> changes::plan(json::object const& request, booked_campaign const& booked) const {
  std::vector<json::object> updates(booked.flights.size());
  std::vector<std::string> paths(booked.flights.size());
  auto const* packages = sales::array_at(request, "packages");
  for (std::size_t i = 0; packages != nullptr && i < packages->size(); ++i) {
    auto const path = sales::path_of("packages", i);
    auto const& update = sales::as_object((*packages)[i], path);
    auto const index = booked.state.live_package(sales::required_text(update, "package_id", path), path);
    updates[index] = update;
    paths[index] = path;
  }
  std::vector<flight_change> all;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (booked.state.packages[i].canceled) {
      continue;
    }
    auto const update = with_shared(std::move(updates[i]), request);
    if (update.empty()) {
      continue;
    }
    flight_change change;
    change.index = i;
    change.path = paths[i];
    change.flight = changed_flight(booked.flights[i], update, api_.settings(), api_.now(), paths[i]);
    change.replaces_creatives = sales::find(update, "creative_assignments") != nullptr;
    change.moves_end = sales::find(update, "end_time") != nullptr;
    change.cancels = sales::flag_at(update, "canceled", paths[i]).value_or(false);
    change.assignments = sales::read_assignments(update, paths[i]);
    change.creatives = sales::read_creatives(update, paths[i], api_.settings().catalogue);
    if (change.replaces_creatives || !change.creatives.empty()) {
      require_shares(sales::read_assignments(record_of(change.flight), paths[i]), change.creatives);
    }
    all.push_back(std::move(change));
  }
  return all;
}

sdk::task<void> changes::write_flight(flight_change const* wanted, std::int64_t campaign_id,
                                      sales::package_awaits* waits, seen_creatives* seen, sales::deadline until) {
  auto const id = sales::upstream_integer(wanted->flight, "Id");
  if (wanted->replaces_creatives || !wanted->creatives.empty()) {
    auto creatives = co_await library_.gather(wanted->assignments, wanted->creatives, &waits->absent(), seen, until);
    waits->require_held();
    co_await library_.associate(id, campaign_id, std::move(creatives), wanted->replaces_creatives, until);
  }
  waits->require_held();
  auto const path = "/flight/" + std::to_string(id);
  auto body = wanted->flight;
  co_await api_.write("PUT", path, std::move(body), subject::package, until);
  if (wanted->cancels) {
    co_await waits->end();
  } else {
    co_await waits->settle(wanted->replaces_creatives, facts_of(wanted->flight).end);
  }
}

sdk::task<void> changes::apply(flight_change wanted, std::int64_t campaign_id, sales::progress const* going,
                               seen_creatives* seen, std::vector<std::string>* may_have_come, sales::deadline until) {
  auto const id = sales::upstream_integer(wanted.flight, "Id");
  sales::package_awaits waits(awaited_, going->buyer(), package_id_of(id), going->name());
  if (wanted.replaces_creatives || !wanted.creatives.empty() || wanted.moves_end || wanted.cancels) {
    co_await waits.hold(going->key());
  }
  std::exception_ptr failure;
  try {
    co_await write_flight(&wanted, campaign_id, &waits, seen, waits.held_until(until));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure != nullptr) {
    co_await waits.release();
    std::rethrow_exception(failure);
  }
  sales::add_expected(*may_have_come, waits.waiting(), wanted.creatives);
}

sdk::task<void> changes::put_campaign(json::object request, booked_campaign booked, std::string key,
                                      sales::deadline until) {
  auto record = sales::updated_record(booked.state, key);
  auto campaign = booked.campaign;
  if (auto const paused = sales::flag_at(request, "paused")) {
    campaign["IsActive"] = !*paused;
  }
  if (sales::flag_at(request, "canceled").value_or(false)) {
    campaign["IsActive"] = false;
    campaign["IsArchived"] = true;
    record["canceled"] = sales::cancellation(request, api_.now());
  }
  auto body = for_put(std::move(campaign), record);
  auto const path = "/campaign/" + std::to_string(booked.id());
  co_await api_.write("PUT", path, std::move(body), subject::media_buy, until);
}

sdk::task<json::object> changes::attempt(json::object request, sales::progress* going, sales::deadline until) {
  auto const id = sales::required_text(request, "media_buy_id");
  auto const booked = co_await campaigns_.load(id, going->buyer(), until);
  co_await awaited_.forget_canceled(going->buyer(), &booked.state);  // an earlier attempt may not have come to it
  auto const affected = sales::affected_packages(request, booked.state);
  if (sales::is_done(request, booked.state, going->key(), going->resumed())) {
    co_return sales::updated_answer(booked.state, affected);
  }
  if (going->resumed()) {
    going->release();  // till it is seen that nobody has come between
    sales::require_unchanged_since(booked.state, going->revision(), going->key());
    request = sales::what_is_left(std::move(request), booked.state);
  }
  sales::require_updatable(booked.state, request);
  if (!sales::flag_at(request, "canceled").value_or(false)) {
    auto wanted = plan(request, booked);
    sales::asked_assignments asked;
    for (auto const& change : wanted) {
      asked.add(package_id_of(sales::upstream_integer(change.flight, "Id")), change.assignments,
                change.replaces_creatives || change.cancels, change.path);
    }
    co_await sales::require_awaitable(&library_, std::move(asked), going->buyer(), until);
    going->claim_at(id, booked.state.revision());
    std::vector<std::string> may_have_come;
    seen_creatives seen;
    for (auto& change : wanted) {
      co_await apply(std::move(change), booked.id(), going, &seen, &may_have_come, until);
    }
    co_await sales::carry_out_known(&library_, std::move(may_have_come), going->buyer(), until);
  }
  going->claim_at(id, booked.state.revision());
  co_await put_campaign(request, booked, going->key(), until);
  if (sales::flag_at(request, "canceled").value_or(false)) {
    co_await awaited_.forget_buy(going->buyer(), id);
  }
  auto now = co_await campaigns_.load(id, going->buyer(), until);
  co_await awaited_.mark(going->buyer(), &now.state);
  sales::tell_lists(api_.context().log(), booked.state, now.state);
  co_return sales::updated_answer(now.state, affected);
}

sdk::task<json::object> changes::update(json::object request, sdk::call_context call) {
  return sales::change_in_attempts(this, &api_.context(), std::move(request), std::move(call));
}

}  // namespace tenon::kevel
