#include "sandbox/disk.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tenon::sandbox {
namespace {

constexpr int format = 1;

// A network is "gam/123456" or "kevel/demo"; a place is the object's in its table.
constexpr std::string_view schema = R"(
CREATE TABLE IF NOT EXISTS object (
  network BLOB NOT NULL, collection BLOB NOT NULL, place INTEGER NOT NULL, key BLOB NOT NULL, fields BLOB NOT NULL,
  paused_at INTEGER NOT NULL, PRIMARY KEY (network, collection, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account (email BLOB PRIMARY KEY, key_id BLOB NOT NULL, pem BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS api_key (name BLOB PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
  token BLOB PRIMARY KEY, email BLOB NOT NULL, networks BLOB NOT NULL, expires INTEGER NOT NULL,
  read_only INTEGER NOT NULL) WITHOUT ROWID)";

template <class Value>
Value need(result<Value> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().operator_detail);
  if constexpr (!std::is_void_v<Value>) return std::move(*outcome);
}

bool changed(const store& objects) {
  return std::ranges::any_of(objects, [](const auto& each) { return each.second.changed(); });
}

bool changed(const world& now) {
  return now.seeded || now.tokens.changed() ||
         std::ranges::any_of(now.gam, [](const auto& each) { return changed(each.second.objects); }) ||
         std::ranges::any_of(now.kevel.networks, [](const auto& each) { return changed(each.second.objects); });
}

std::string gam_place(const std::string& code) { return "gam/" + code; }
std::string kevel_place(const std::string& name) { return "kevel/" + name; }

}  // namespace

disk::disk(const std::filesystem::path& file)
    : file_(std::make_unique<database>(need(database::open(file, schema, format)))) {}

statement disk::ask(std::string_view sql) const { return need(file_->prepare(sql)); }

std::optional<service_account> disk::account(const std::string& email) {
  auto asked = ask("SELECT key_id, pem FROM account WHERE email = ?");
  asked.bind(email);
  if (!need(asked.step())) return {};
  const auto network = email.substr(3, email.find('@') - 3);  // "sa-123456@sandbox.example"
  return service_account{
      .email = email, .key_id = asked.text(0), .key = rsa_key::from_pem(asked.text(1)), .networks = {network}};
}

std::optional<api_key> disk::key(const std::string& name) {
  auto asked = ask("SELECT secret FROM api_key WHERE name = ?");
  asked.bind(name);
  if (!need(asked.step())) return {};
  return api_key{.name = name, .secret = asked.text(0)};
}

void disk::keep(const service_account& account) {
  auto change = ask("INSERT OR REPLACE INTO account VALUES (?, ?, ?)");
  change.bind(account.email).bind(account.key_id).bind(account.key.private_pem());
  need(change.step());
}

void disk::keep(const api_key& key) {
  auto change = ask("INSERT OR REPLACE INTO api_key VALUES (?, ?)");
  change.bind(key.name).bind(key.secret);
  need(change.step());
}

void disk::load(world& into) {
  std::map<std::string, std::int64_t> counters;
  auto counted = ask("SELECT name, value FROM counter");
  while (need(counted.step())) counters[counted.text(0)] = counted.number(1);

  const auto fill = [&](const std::string& place, store& objects) {
    auto asked = ask("SELECT collection, place, key, fields, paused_at FROM object WHERE network = ? ORDER BY place");
    asked.bind(place);
    bool first = true;
    while (need(asked.step())) {
      if (std::exchange(first, false)) objects.clear();
      record held{.key = asked.text(2), .fields = json::parse(asked.text(3)).as_object()};
      if (asked.number(4) != 0) held.paused_at = sys_seconds(std::chrono::seconds(asked.number(4)));
      table_of(objects, asked.text(0)).restore(static_cast<std::uint64_t>(asked.number(1)), std::move(held));
    }
  };
  for (auto& [code, network] : into.gam) {
    fill(gam_place(code), network.objects);
    const auto found = counters.find(gam_place(code));
    if (found == counters.end()) continue;
    network.last_id = found->second;
    network.line_items_of.clear();
    const auto items = network.objects.find("lineItems");
    if (items == network.objects.end()) continue;
    std::as_const(items->second).each([&network = network](const record& item) {
      network.line_items_of[std::string(text_of(item.fields, "order"))].push_back(item.key);
    });
  }
  for (auto& [name, network] : into.kevel.networks) {
    fill(kevel_place(name), network.objects);
    const auto found = counters.find(kevel_place(name));
    if (found != counters.end()) network.first_id = found->second;
  }
  into.kevel.last_id = std::max(into.kevel.last_id, counters["kevel"]);

  auto tokens = ask("SELECT token, email, networks, expires, read_only FROM token");
  while (need(tokens.step())) {
    grant kept{.email = tokens.text(1),
               .networks = {},
               .expires = sys_seconds(std::chrono::seconds(tokens.number(3))),
               .read_only = tokens.number(4) != 0};
    const auto networks = json::parse(tokens.text(2));
    for (const auto& each : networks.as_array()) kept.networks.emplace_back(each.as_string());
    into.tokens.restore(tokens.text(0), std::move(kept));
  }
}

void disk::save(world& from) {
  if (!changed(from)) return;  // ids are drawn for objects alone
  auto begun = need(transaction::begin(*file_));
  if (std::exchange(from.seeded, false)) need(file_->run("DELETE FROM object"));
  for (auto& [code, network] : from.gam) {
    for (auto& [collection, held] : network.objects) save_table(gam_place(code), collection, held);
  }
  for (auto& [name, network] : from.kevel.networks) {
    for (auto& [collection, held] : network.objects) save_table(kevel_place(name), collection, held);
  }
  if (from.tokens.take_changed()) save_tokens(from.tokens);
  save_counters(from);
  need(begun.commit());
}

void disk::save_table(const std::string& network, const std::string& collection, table& held) {
  const auto changes = held.take_changes();
  for (const auto place : changes.erased) {
    auto gone = ask("DELETE FROM object WHERE network = ? AND collection = ? AND place = ?");
    gone.bind(network).bind(collection).bind(static_cast<std::int64_t>(place));
    need(gone.step());
  }
  for (const auto place : changes.written) {
    const auto& object = held.at(place);
    auto put = ask("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?)");
    put.bind(network).bind(collection).bind(static_cast<std::int64_t>(place)).bind(object.key);
    put.bind(json::serialize(object.fields));
    put.bind(object.paused_at ? object.paused_at->time_since_epoch().count() : std::int64_t{0});
    need(put.step());
  }
}

void disk::save_tokens(const token_issuer& tokens) {
  need(file_->run("DELETE FROM token"));
  for (const auto& [token, kept] : tokens.grants()) {
    auto put = ask("INSERT INTO token VALUES (?, ?, ?, ?, ?)");
    put.bind(token).bind(kept.email);
    put.bind(json::serialize(json::array(kept.networks.begin(), kept.networks.end())));
    put.bind(std::int64_t{kept.expires.time_since_epoch().count()}).bind(std::int64_t{kept.read_only ? 1 : 0});
    need(put.step());
  }
}

void disk::save_counters(const world& from) {
  const auto put = [this](const std::string& name, std::int64_t value) {
    auto change = ask("INSERT OR REPLACE INTO counter VALUES (?, ?)");
    change.bind(name).bind(value);
    need(change.step());
  };
  for (const auto& [code, network] : from.gam) put(gam_place(code), network.last_id);
  for (const auto& [name, network] : from.kevel.networks) put(kevel_place(name), network.first_id);
  put("kevel", from.kevel.last_id);
}

}  // namespace tenon::sandbox
