#include "awaited.hpp"

#include <tenon/sdk/text.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace tenon::sales {
namespace {

constexpr std::string_view prefix = "awaiting/";
constexpr std::chrono::milliseconds moment_to_wait{250};  // a holder asks the ad server several times meanwhile

std::string prefix_of(std::string const& buyer) {
  return std::string(prefix) + (buyer.empty() ? std::string("-") : buyer) + "/";
}

std::int64_t seconds_of(instant moment) { return moment.time_since_epoch().count(); }

instant instant_from(json::object const& kept, std::string_view member) {
  return instant(std::chrono::seconds(upstream_integer(kept, member)));
}

}  // namespace

void asked_assignments::add(std::string const& package_id, std::vector<assignment> const& assignments, bool replaces,
                            std::string const& path) {
  auto const& id = package_id.empty() ? path : package_id;
  packages_[id] = packages_[id] || replaces;
  for (auto const& each : assignments) {
    pairs_.emplace(std::pair(each.creative_id, id), path_of(path, "creative_assignments"));
  }
}

std::vector<std::string> asked_assignments::creative_ids() const {
  std::vector<std::string> ids;
  for (auto const& [pair, path] : pairs_) {
    if (ids.empty() || ids.back() != pair.first) {  // they are in the order of creatives
      ids.push_back(pair.first);
    }
  }
  return ids;
}

void asked_assignments::leave_out(std::set<std::string> const& creative_ids) {
  std::erase_if(pairs_, [&](auto const& each) { return creative_ids.contains(each.first.first); });
}

std::string awaited_creatives::key_of(std::string const& buyer, std::string const& creative_id,
                                      std::string const& package_id) const {
  auto key = prefix_of(buyer) + sdk::hex(context_.crypto().sha256(creative_id)) + "/";
  return key += package_id;
}

sdk::task<std::vector<awaited_creative>> awaited_creatives::below(std::string prefix_wanted) {
  std::vector<awaited_creative> found;
  std::string last;
  for (;;) {
    auto const page = co_await context_.store().list(prefix_wanted, last);
    if (page.empty()) {
      co_return found;
    }
    for (auto const& each : page) {
      auto const kept = parse_object(each.value());
      awaited_creative entry(upstream_text(kept, "creative_id"), upstream_text(kept, "package_id"),
                             upstream_text(kept, "media_buy_id"), instant_from(kept, "end"));
      entry.holder_ = upstream_text(kept, "holder");
      entry.held_until_ = instant_from(kept, "held_until");
      entry.key_ = each.key();
      entry.version_ = each.version();
      found.push_back(std::move(entry));
    }
    last = page.back().key();
  }
}

sdk::task<std::vector<awaited_creative>> awaited_creatives::of_buyer(std::string buyer) {
  return below(prefix_of(buyer));
}

sdk::task<std::vector<awaited_creative>> awaited_creatives::of_creative(std::string buyer, std::string creative_id) {
  return below(key_of(buyer, creative_id, {}));
}

sdk::task<void> awaited_creatives::require_room(std::string buyer, asked_assignments asked) {
  auto const path = asked.pairs_.empty() ? std::string() : asked.pairs_.begin()->second;
  auto const all = co_await of_buyer(std::move(buyer));
  auto count = all.size();
  std::vector<awaited_creative> ended;
  for (auto const& each : all) {
    if (asked.pairs_.erase({each.creative_id(), each.package_id()}) > 0) {
      continue;  // an earlier attempt has written it down, or it has waited before
    }
    auto const changed = asked.packages_.find(each.package_id());
    if (changed != asked.packages_.end()) {
      count -= changed->second ? 1 : 0;
    } else if (each.end() <= now()) {
      ended.push_back(each);
    }
  }
  auto const more = asked.pairs_.size();
  for (std::size_t i = 0; more > 0 && count + more > most && i < ended.size(); ++i) {
    co_await erase(ended[i]);
    --count;
  }
  if (more > 0 && count + more > most) {
    throw sdk::error("CREATIVE_NOT_FOUND", "There is no such creative yet, and of the " + std::to_string(most) +
                                               " assignments that may wait for creatives " + std::to_string(count) +
                                               " do so already")
        .field(path)
        .suggestion("Send creatives with sync_creatives first");
  }
}

std::string awaited_creatives::text_of(awaited_creative const& entry) {
  json::object kept{{"creative_id", entry.creative_id_},
                    {"package_id", entry.package_id_},
                    {"media_buy_id", entry.media_buy_id_},
                    {"end", seconds_of(entry.end_)}};
  if (!entry.holder_.empty()) {
    kept["holder"] = entry.holder_;
    kept["held_until"] = seconds_of(entry.held_until_);
  }
  return json::serialize(kept);
}

sdk::task<std::optional<sdk::store_entry>> awaited_creatives::write(std::vector<awaited_creative>* entries) {
  sdk::store_changes changes;
  for (auto const& each : *entries) {
    changes.put_if(each.key_, text_of(each), each.version_);
  }
  try {
    auto const written = co_await context_.store().write(std::move(changes));
    for (std::size_t i = 0; i < entries->size(); ++i) {
      (*entries)[i].version_ = written.at(i).version();
    }
  } catch (sdk::store_conflict const& conflict) {
    co_return conflict.found();
  }
  co_return std::nullopt;
}

sdk::task<void> awaited_creatives::note(std::string buyer, awaited_creative fresh) {
  fresh.key_ = key_of(buyer, fresh.creative_id_, fresh.package_id_);
  fresh.version_ = 0;
  std::vector<awaited_creative> one{std::move(fresh)};
  co_await write(&one);
}

std::string awaited_creatives::new_holder() const { return sdk::hex(context_.crypto().random(8)); }

deadline awaited_creatives::held_until(deadline until) const {
  auto const ends = context_.time().steady() + lease;
  return until ? std::min(*until, ends) : ends;
}

void awaited_creatives::require_held(deadline held_until) const {
  if (held_until && context_.time().steady() >= *held_until) {
    throw sdk::errors::service_unavailable(
        "the time is over in which a package that waits for creatives may be changed");
  }
}

sdk::task<bool> awaited_creatives::release(awaited_creative entry) {
  entry.holder_.clear();
  std::vector<awaited_creative> one{std::move(entry)};
  auto const found = co_await write(&one);
  co_return !found || found->version() != 0;
}

sdk::task<void> awaited_creatives::erase(awaited_creative entry) {
  sdk::store_changes changes;
  changes.erase_if(entry.key_, entry.version_);
  try {
    co_await context_.store().write(std::move(changes));
  } catch (sdk::store_conflict const&) {
    // Somebody has erased it, or works on it: it is theirs.
  }
}

sdk::task<std::optional<std::vector<awaited_creative>>> awaited_creatives::hold_all(std::vector<awaited_creative> known,
                                                                                    std::string holder) {
  for (auto& entry : known) {
    if (!entry.holder_.empty() && entry.holder_ != holder && now() < entry.held_until_) {
      co_return std::nullopt;
    }
    entry.holder_ = holder;
    entry.held_until_ = now() + lease;
  }
  std::vector<awaited_creative> held;
  while (!known.empty()) {
    auto part = first_of(known);
    auto const found = co_await write(&part);
    if (!found) {
      known.erase(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(part.size()));
      held.insert(held.end(), part.begin(), part.end());
    } else if (found->version() == 0) {
      drop(known, found->key());
    } else {
      co_await let_go(std::move(held), {});
      co_return std::nullopt;
    }
  }
  co_return held;
}

sdk::task<void> awaited_creatives::let_go(std::vector<awaited_creative> held, std::string done) {
  while (!held.empty()) {
    auto const part = first_of(held);
    sdk::store_changes changes;
    for (auto each : part) {
      each.holder_.clear();
      if (!done.empty() && each.creative_id_ == done) {
        changes.erase_if(each.key_, each.version_);
      } else {
        changes.put_if(each.key_, text_of(each), each.version_);
      }
    }
    std::string lost;
    try {
      co_await context_.store().write(std::move(changes));
    } catch (sdk::store_conflict const& conflict) {
      lost = conflict.found().key();  // somebody has erased it, or works on it: it is theirs
    }
    if (lost.empty()) {
      held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(part.size()));
    } else {
      drop(held, lost);
    }
  }
}

std::vector<awaited_creative> awaited_creatives::first_of(std::vector<awaited_creative> const& all) {
  auto const count = std::min<std::size_t>(all.size(), TENON_STORE_WRITES);
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

void awaited_creatives::drop(std::vector<awaited_creative>& all, std::string const& key) {
  if (std::erase_if(all, [&](awaited_creative const& each) { return each.key_ == key; }) == 0) {
    throw sdk::errors::service_unavailable("store/1: a conflict of an entry that was not written");
  }
}

sdk::task<bool> awaited_creatives::give_way(std::chrono::milliseconds* left, deadline until) {
  if (*left < moment_to_wait || (until && context_.time().steady() + moment_to_wait >= *until)) {
    co_return false;
  }
  *left -= moment_to_wait;
  co_await context_.timers().sleep(moment_to_wait);
  co_return true;
}

sdk::task<std::vector<awaited_creative>> awaited_creatives::hold_package(std::string buyer, std::string package_id,
                                                                         std::string holder) {
  auto all = co_await of_buyer(std::move(buyer));
  auto known = of_package(std::move(all), package_id);
  auto held = co_await hold_all(std::move(known), std::move(holder));
  if (!held) {
    throw sdk::error("CONFLICT", "A creative that the package waits for is being assigned to it")
        .field("media_buy_id")
        .retry_after(lease);
  }
  co_return *std::move(held);
}

sdk::task<void> awaited_creatives::replace(std::string buyer, std::vector<awaited_creative> held,
                                           std::vector<awaited_creative> wanted) {
  for (auto const& fresh : wanted) {
    auto const same = [&](awaited_creative const& each) { return each.creative_id_ == fresh.creative_id_; };
    auto const known = std::find_if(held.begin(), held.end(), same);
    if (known == held.end()) {
      co_await note(buyer, fresh);
    } else {
      auto kept = *known;
      held.erase(known);
      kept.end_ = fresh.end_;
      auto const there = co_await release(std::move(kept));
      if (!there) {
        co_await note(buyer, fresh);
      }
    }
  }
  for (auto const& gone : held) {
    co_await erase(gone);
  }
}

sdk::task<void> awaited_creatives::forget(std::string buyer, std::string creative_id, std::string package_id) {
  sdk::store_changes changes;
  changes.erase(key_of(buyer, creative_id, package_id));
  co_await context_.store().write(std::move(changes));
}

sdk::task<void> awaited_creatives::forget_buy(std::string buyer, std::string media_buy_id) {
  auto const all = co_await of_buyer(buyer);
  for (auto const& each : all) {
    if (each.media_buy_id() == media_buy_id) {
      co_await forget(buyer, each.creative_id(), each.package_id());
    }
  }
}

sdk::task<void> awaited_creatives::forget_canceled(std::string buyer, buy_state const* state) {
  auto const all = co_await of_buyer(buyer);
  for (auto const& each : all) {
    auto const is_canceled = [&](package_state const& package) {
      return package.canceled && package.package_id == each.package_id();
    };
    if (each.media_buy_id() == state->media_buy_id &&
        (state->status == "canceled" || std::any_of(state->packages.begin(), state->packages.end(), is_canceled))) {
      co_await forget(buyer, each.creative_id(), each.package_id());
    }
  }
}

sdk::task<void> awaited_creatives::mark(std::string buyer, buy_state* state) {
  auto const all = co_await of_buyer(std::move(buyer));
  mark_awaited(*state, all);
}

sdk::task<void> package_awaits::hold(std::string holder) {
  auto const ends = all_.held_until(std::nullopt);
  held_ = co_await all_.hold_package(buyer_, package_id_, std::move(holder));
  if (!held_.empty()) {
    lease_ends_ = ends;
  }
}

sdk::task<bool> package_awaits::hold_for(std::string creative_id, bool all, std::chrono::milliseconds* patience,
                                         deadline until) {
  auto const holder = all_.new_holder();
  for (;;) {
    auto const ends = all_.held_until(std::nullopt);
    std::vector<awaited_creative> known;
    if (all) {
      known = co_await all_.of_buyer(buyer_);
    } else {
      known = co_await all_.of_creative(buyer_, creative_id);
    }
    known = of_package(std::move(known), package_id_);
    auto taken = co_await all_.hold_all(std::move(known), holder);
    if (taken) {
      held_ = *std::move(taken);
      lease_ends_ = held_.empty() ? deadline() : ends;
      co_return true;
    }
    auto const again = co_await all_.give_way(patience, until);
    if (!again) {
      co_return false;
    }
  }
}

awaited_creative const* package_awaits::held(std::string const& creative_id) const noexcept {
  auto const at = std::find_if(held_.begin(), held_.end(),
                               [&](awaited_creative const& each) { return each.creative_id() == creative_id; });
  return at == held_.end() ? nullptr : &*at;
}

sdk::task<void> package_awaits::assigned(std::string creative_id) {
  auto held = std::exchange(held_, {});
  co_await all_.let_go(std::move(held), std::move(creative_id));
}

deadline package_awaits::held_until(deadline until) const {
  if (!lease_ends_) {
    return until;
  }
  return until ? std::min(*until, *lease_ends_) : lease_ends_;
}

sdk::task<void> package_awaits::settle(bool replaces, instant end) {
  waiting_ = absent_;
  for (auto const& each : held_) {
    if (!replaces && std::find(waiting_.begin(), waiting_.end(), each.creative_id()) == waiting_.end()) {
      waiting_.push_back(each.creative_id());
    }
  }
  std::vector<awaited_creative> wanted;
  for (auto const& id : waiting_) {
    wanted.emplace_back(id, package_id_, media_buy_id_, end);
  }
  co_await all_.replace(buyer_, held_, std::move(wanted));
}

sdk::task<void> package_awaits::release() {
  auto held = std::exchange(held_, {});
  try {
    co_await all_.let_go(std::move(held), {});
  } catch (...) {
    // The store fails, or nobody waits any more: they are lost with their lease.
  }
}

sdk::task<void> package_awaits::end() {
  std::vector<awaited_creative> none;
  co_await all_.replace(buyer_, held_, std::move(none));
}

std::vector<awaited_creative> of_package(std::vector<awaited_creative> all, std::string const& package_id) {
  std::erase_if(all, [&](awaited_creative const& each) { return each.package_id() != package_id; });
  return all;
}

void mark_awaited(buy_state& state, std::vector<awaited_creative> const& all) {
  for (auto& package : state.packages) {
    for (auto const& named : upstream_array(package.record, "creative_assignments")) {
      auto const id = named.is_object() ? upstream_text(named.get_object(), "creative_id") : std::string();
      auto const waits = [&](awaited_creative const& each) {
        return each.package_id() == package.package_id && each.creative_id() == id;
      };
      auto const known = std::find(package.awaited.begin(), package.awaited.end(), id) != package.awaited.end();
      if (!package.canceled && !known && std::any_of(all.begin(), all.end(), waits)) {
        package.awaited.push_back(id);
      }
    }
  }
}

}  // namespace tenon::sales
