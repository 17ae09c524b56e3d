#include "changes.hpp"

#include "line_item.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>

namespace tenon::gam {
namespace {

void refuse_unsupported(json::object const& update, std::string const& path) {
  for (auto const* member : {"catalogs", "optimization_goals", "keyword_targets_add", "keyword_targets_remove",
                             "negative_keywords_add", "negative_keywords_remove"}) {
    auto const* value = sales::find(update, member);
    if (value != nullptr && !(value->is_array() && value->get_array().empty())) {
      throw sdk::error("UNSUPPORTED_FEATURE", std::string(member) + " cannot be honoured by this seller")
          .field(sales::path_of(path, member));
    }
  }
}

// The mask of a patch: the members it carries.
std::string mask_of(json::object const& fields) {
  std::string mask;
  for (auto const& [key, value] : fields) {
    mask += (mask.empty() ? "" : ",") + std::string(key);
  }
  return mask;
}

json::object names_body(std::vector<std::string> const& names) {
  return {{"names", json::array(names.begin(), names.end())}};
}

}  // namespace

sdk::task<line_item_change> changes::plan_package(json::object update, std::size_t index, json::object line_item,
                                                  std::string path, sales::deadline until) {
  refuse_unsupported(update, path);
  line_item_change change;
  change.index = index;
  change.path = path;
  change.record = sales::parse_object(sales::upstream_text(line_item, "notes"));
  auto const* sold = api_.settings().catalogue.find(sales::upstream_text(change.record, "product_id"));
  auto const* option =
      sold == nullptr ? nullptr : sold->price(sales::upstream_text(change.record, "pricing_option_id"));
  change.fields = changed_fields(update, line_item, option, api_.now(), path);
  if (auto const* overlay = sales::object_at(update, "targeting_overlay", path)) {
    auto const where = sales::path_of(path, "targeting_overlay");
    auto const resolved = co_await targeting_.resolve(*overlay, where, until);
    change.fields["targeting"] = replace_overlay(sales::upstream_object(line_item, "targeting"), resolved);
    change.fields["frequencyCaps"] = frequency_caps_json(resolved.caps);
  }
  change.paused = sales::flag_at(update, "paused", path);
  change.cancel = sales::flag_at(update, "canceled", path).value_or(false);
  change.replaces_creatives = sales::find(update, "creative_assignments") != nullptr;
  change.assignments = sales::read_assignments(update, path);
  change.creatives = sales::read_creatives(update, path, api_.settings().catalogue);
  sales::amend_record(change.record, update);
  if (change.cancel) {
    change.record["canceled"] = sales::cancellation(update, api_.now());
  }
  co_return change;
}

sdk::task<std::vector<line_item_change>> changes::plan(json::object request, booked_order booked,
                                                       sales::deadline until) {
  std::vector<line_item_change> all;
  // Dates of the whole buy move every package that is still live; a package's own update comes after and wins.
  json::object shared;
  for (auto const* member : {"start_time", "end_time", "paused"}) {
    if (auto const* value = sales::find(request, member)) {
      shared[member] = *value;
    }
  }
  for (std::size_t i = 0; !shared.empty() && i < booked.line_items.size(); ++i) {
    if (!booked.state.packages[i].canceled) {
      all.push_back(co_await plan_package(shared, i, booked.line_items[i], {}, until));
    }
  }
  auto const* packages = sales::array_at(request, "packages");
  for (std::size_t i = 0; packages != nullptr && i < packages->size(); ++i) {
    auto const path = sales::path_of("packages", i);
    auto const& update = sales::as_object((*packages)[i], path);
    auto const index = booked.state.live_package(sales::required_text(update, "package_id", path), path);
    all.push_back(co_await plan_package(update, index, booked.line_items[index], path, until));
  }
  std::map<std::size_t, sales::instant> ends;  // a package may be changed twice
  for (auto& change : all) {
    auto const moved = sales::parse_instant(sales::upstream_text(change.fields, "targetEndTime"));
    auto& end = ends.try_emplace(change.index, booked.facts[change.index].end).first->second;
    end = moved.value_or(end);
    change.moves_end = moved.has_value();
    change.end = end;
  }
  co_return all;
}

sdk::task<void> changes::act(std::string action, std::vector<std::string> names, subject about, sales::deadline until) {
  if (names.empty()) {
    co_return;
  }
  auto body = names_body(names);
  co_await api_.write("POST", std::move(action), std::move(body), about, until);
}

sdk::task<void> changes::write_one(line_item_change const* wanted, std::string line_item, sales::package_awaits* waits,
                                   seen_creatives* seen, sales::deadline until) {
  if (wanted->replaces_creatives || !wanted->creatives.empty()) {
    auto creatives = co_await library_.gather(wanted->assignments, wanted->creatives, &waits->absent(), seen, until);
    waits->require_held();
    co_await library_.associate(line_item, std::move(creatives), wanted->replaces_creatives, until);
  }
  waits->require_held();
  auto fields = wanted->fields;
  fields["notes"] = json::serialize(wanted->record);
  auto const path = line_item + "?updateMask=" + mask_of(fields);
  co_await api_.write("PATCH", path, std::move(fields), subject::package, until);
  if (wanted->cancel) {
    co_await waits->end();
  } else {
    co_await waits->settle(wanted->replaces_creatives, wanted->end);
  }
}

sdk::task<void> changes::apply_one(line_item_change wanted, std::string line_item, sales::progress const* going,
                                   seen_creatives* seen, std::vector<std::string>* may_have_come,
                                   sales::deadline until) {
  sales::package_awaits waits(awaited_, going->buyer(), package_id_of(line_item), going->name());
  if (wanted.replaces_creatives || wanted.moves_end || wanted.cancel) {
    co_await waits.hold(going->key());
  }
  std::exception_ptr failure;
  try {
    co_await write_one(&wanted, std::move(line_item), &waits, seen, waits.held_until(until));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure != nullptr) {
    co_await waits.release();
    std::rethrow_exception(failure);
  }
  sales::add_expected(*may_have_come, waits.waiting(), wanted.creatives);
}

sdk::task<void> changes::apply(std::vector<line_item_change> wanted, booked_order booked, sales::progress const* going,
                               sales::deadline until) {
  std::vector<std::string> may_have_come;
  seen_creatives seen;
  std::vector<std::string> to_pause;
  std::vector<std::string> to_resume;
  std::vector<std::string> to_archive;
  for (auto& change : wanted) {
    auto const name = sales::upstream_text(booked.line_items[change.index], "name");
    auto const paused = booked.state.packages[change.index].paused;
    if (change.cancel) {
      to_archive.push_back(name);
    }
    if (!paused && (change.cancel || change.paused.value_or(false))) {
      to_pause.push_back(name);
    } else if (paused && change.paused && !*change.paused) {
      to_resume.push_back(name);
    }
    co_await apply_one(std::move(change), name, going, &seen, &may_have_come, until);
  }
  co_await sales::carry_out_known(&library_, std::move(may_have_come), going->buyer(), until);
  std::string resume = "lineItems:batchResume";
  if (api_.settings().overbook) {
    resume = "lineItems:batchResumeAndOverbook";
  }
  co_await act("lineItems:batchPause", std::move(to_pause), subject::package, until);
  co_await act(std::move(resume), std::move(to_resume), subject::package, until);
  co_await act("lineItems:batchArchive", std::move(to_archive), subject::package, until);
}

sdk::task<void> changes::write_record(booked_order booked, json::object record, sales::deadline until) {
  json::object order{{"name", sales::upstream_text(booked.order, "name")}, {"notes", json::serialize(record)}};
  json::object update{{"order", std::move(order)}, {"updateMask", "notes"}};
  json::object body{{"requests", json::array{std::move(update)}}};
  co_await api_.write("POST", "orders:batchUpdate", std::move(body), subject::media_buy, until);
}

sdk::task<void> changes::cancel(json::object request, booked_order booked, std::string key, sales::deadline until) {
  // Ad Manager has no cancel. The reason is written while the order can be; being archived is what says it is canceled.
  auto record = sales::updated_record(booked.state, key);
  record["canceled"] = sales::cancellation(request, api_.now());
  co_await write_record(booked, std::move(record), until);
  std::vector<std::string> order;
  order.push_back(sales::upstream_text(booked.order, "name"));
  std::vector<std::string> serving;
  for (std::size_t i = 0; i < booked.line_items.size(); ++i) {
    if (!booked.state.packages[i].canceled && !booked.state.packages[i].paused &&
        booked.facts[i].status != "COMPLETED") {
      serving.push_back(sales::upstream_text(booked.line_items[i], "name"));
    }
  }
  if (sales::upstream_text(booked.order, "status") == "APPROVED") {
    co_await act("lineItems:batchPause", std::move(serving), subject::package, until);
  }
  co_await act("orders:batchArchive", std::move(order), subject::media_buy, until);
}

sdk::task<json::object> changes::attempt(json::object request, sales::progress* going, sales::deadline until) {
  auto const id = sales::required_text(request, "media_buy_id");
  auto const booked = co_await orders_.load(id, going->buyer(), until);
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
  if (sales::flag_at(request, "canceled").value_or(false)) {
    going->claim_at(id, booked.state.revision());
    co_await cancel(request, booked, going->key(), until);
    co_await awaited_.forget_buy(going->buyer(), id);
  } else {
    auto wanted = co_await plan(request, booked, until);
    sales::asked_assignments asked;
    for (auto const& change : wanted) {
      auto const name = sales::upstream_text(booked.line_items[change.index], "name");
      asked.add(package_id_of(name), change.assignments, change.replaces_creatives || change.cancel, change.path);
    }
    co_await sales::require_awaitable(&library_, std::move(asked), going->buyer(), until);
    going->claim_at(id, booked.state.revision());
    co_await apply(std::move(wanted), booked, going, until);
    co_await write_record(booked, sales::updated_record(booked.state, going->key()), until);
  }
  auto now = co_await orders_.load(id, going->buyer(), until);
  co_await awaited_.mark(going->buyer(), &now.state);
  sales::tell_lists(api_.context().log(), booked.state, now.state);
  co_return sales::updated_answer(now.state, affected);
}

sdk::task<json::object> changes::update(json::object request, sdk::call_context call) {
  return sales::change_in_attempts(this, &api_.context(), std::move(request), std::move(call));
}

}  // namespace tenon::gam
