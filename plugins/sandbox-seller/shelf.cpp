#include "shelf.hpp"

#include "../sales/overlay.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::sandbox_seller {
namespace {

constexpr std::string_view buy_prefix = "buy/";
constexpr std::string_view creative_prefix = "creative/";
constexpr std::string_view proposals_prefix = "proposals/";
constexpr std::string_view seeds_key = "seeds";
constexpr int most_changes = 16;         // of one buy by others, while one change is made
constexpr std::size_t longest_id = 400;  // with its prefix a key of the store

std::string key_of(std::string_view prefix, std::string const& id) { return std::string(prefix) + id; }

/// Approved at once, unless a test said something else.
std::string status_of(json::object const& creative) {
  auto const said = sales::upstream_text(creative, "status");
  return said.empty() ? "approved" : said;
}

// "seller-0123-2" -> "seller-0123"; empty if it is no package of ours.
std::string buy_of(std::string const& package_id) {
  auto const at = package_id.rfind('-');
  return at == std::string::npos || at == 0 ? std::string() : package_id.substr(0, at);
}

}  // namespace

sdk::task<shelf::kept_buy> shelf::find(std::string media_buy_id) {
  if (media_buy_id.empty() || media_buy_id.size() > longest_id) {
    throw sales::no_such_buy();
  }
  auto const found = co_await context_.store().get(key_of(buy_prefix, media_buy_id));
  if (!found) {
    throw sales::no_such_buy();
  }
  buy_document buy(sales::parse_object(found->value()));
  auto state = buy.state(now());
  co_return kept_buy{std::move(buy), std::move(state), found->version()};
}

sdk::task<std::optional<shelf::kept_buy>> shelf::look(std::string media_buy_id, std::string buyer) {
  auto const found = co_await context_.store().get(key_of(buy_prefix, media_buy_id));
  if (!found) {
    co_return std::nullopt;
  }
  buy_document buy(sales::parse_object(found->value()));
  if (!buy.is_for(buyer)) {
    co_return std::nullopt;
  }
  auto state = buy.state(now());
  co_return kept_buy{std::move(buy), std::move(state), found->version()};
}

sdk::task<shelf::kept_buy> shelf::load(std::string media_buy_id, std::string buyer, sales::deadline) {
  auto found = co_await find(std::move(media_buy_id));
  if (!found.buy.is_for(buyer)) {
    throw sales::no_such_buy();
  }
  co_return found;
}

sdk::task<std::vector<std::string>> shelf::all_ids(std::string buyer, sales::deadline) {
  std::vector<std::pair<std::string, std::string>> found;  // when it was confirmed, and its id
  std::string last;
  for (;;) {
    auto const page = co_await context_.store().list(std::string(buy_prefix), last);
    if (page.empty()) {
      break;
    }
    for (auto const& each : page) {
      auto const buy = sales::parse_object(each.value());
      auto const record = sales::upstream_object(buy, "record");
      if (sales::is_for(record, buyer)) {
        found.emplace_back(sales::upstream_text(record, "confirmed_at"), sales::upstream_text(buy, "id"));
      }
    }
    last = page.back().key();
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> ids;
  for (auto& [confirmed, id] : found) {
    ids.push_back(std::move(id));
  }
  co_return ids;
}

sdk::task<shelf::kept_buy> shelf::add(buy_document fresh) {
  auto const id = sales::upstream_text(fresh.document(), "id");
  sdk::store_changes changes;
  changes.put_if(key_of(buy_prefix, id), json::serialize(fresh.document()), 0);
  try {
    co_await context_.store().write(std::move(changes));
  } catch (sdk::store_conflict const&) {
    // The same request came before.
  }
  co_return co_await find(id);
}

sdk::task<shelf::kept_buy> shelf::change(std::string media_buy_id, std::function<void(buy_document&)> how) {
  for (int attempt = 0; attempt < most_changes; ++attempt) {
    auto kept = co_await find(media_buy_id);
    how(kept.buy);
    auto text = json::serialize(kept.buy.document());
    auto const written = co_await replace(key_of(buy_prefix, media_buy_id), std::move(text), kept.version);
    if (written) {
      kept.state = kept.buy.state(now());
      co_return kept;
    }
  }
  throw sdk::error("CONFLICT", "The media buy is being changed by others").field("media_buy_id");
}

sdk::task<bool> shelf::replace(std::string key, std::string value, std::uint64_t version) {
  sdk::store_changes changes;
  changes.put_if(std::move(key), std::move(value), version);
  try {
    co_await context_.store().write(std::move(changes));
  } catch (sdk::store_conflict const&) {
    co_return false;
  }
  co_return true;
}

sdk::task<std::pair<seeds, std::uint64_t>> shelf::load_seeds() {
  auto const found = co_await context_.store().get(std::string(seeds_key));
  if (!found) {
    co_return std::pair(seeds(), std::uint64_t{0});
  }
  co_return std::pair(seeds(sales::parse_object(found->value())), found->version());
}

sdk::task<void> shelf::change_seeds(std::function<void(seeds&)> how) {
  for (int attempt = 0; attempt < most_changes; ++attempt) {
    auto [kept, version] = co_await load_seeds();
    how(kept);
    auto text = json::serialize(kept.document());
    auto const written = co_await replace(std::string(seeds_key), std::move(text), version);
    if (written) {
      co_return;
    }
  }
  throw sdk::error("CONFLICT", "The seller is being changed by others");
}

sdk::task<std::pair<proposal_book, std::uint64_t>> shelf::load_proposals(std::string buyer) {
  auto const found = co_await context_.store().get(key_of(proposals_prefix, buyer));
  if (!found) {
    co_return std::pair(proposal_book(), std::uint64_t{0});
  }
  co_return std::pair(proposal_book(sales::parse_object(found->value())), found->version());
}

sdk::task<void> shelf::change_proposals(std::string buyer, std::function<void(proposal_book&)> how) {
  for (int attempt = 0; attempt < most_changes; ++attempt) {
    auto [kept, version] = co_await load_proposals(buyer);
    auto const before = kept.document();
    how(kept);
    if (kept.document() == before) {
      co_return;
    }
    auto text = json::serialize(kept.document());
    auto const written = co_await replace(key_of(proposals_prefix, buyer), std::move(text), version);
    if (written) {
      co_return;
    }
  }
  throw sdk::error("CONFLICT", "The proposals are being changed by others");
}

sdk::task<void> shelf::seed_buy(buy_document fresh) {
  sdk::store_changes changes;
  changes.put(key_of(buy_prefix, sales::upstream_text(fresh.document(), "id")), json::serialize(fresh.document()));
  co_await context_.store().write(std::move(changes));
}

sdk::task<void> shelf::seed_creative(std::string creative_id, json::object fixture, std::string status) {
  auto const moment = sales::format_instant(now());
  auto format_id = sales::upstream_object(fixture, "format_id");
  if (sales::find(format_id, "agent_url") == nullptr) {
    format_id["agent_url"] = "https://creative.adcontextprotocol.org";
  }
  auto const name = sales::upstream_text(fixture, "name");
  json::object content{{"name", name.empty() ? creative_id : name}, {"format_id", std::move(format_id)}};
  json::object creative{{"creative_id", creative_id},
                        {"content", std::move(content)},
                        {"status", std::move(status)},
                        {"created", moment},
                        {"updated", moment}};
  sdk::store_changes changes;
  changes.put(key_of(creative_prefix, creative_id), json::serialize(creative));
  co_await context_.store().write(std::move(changes));
}

sdk::task<std::optional<std::string>> shelf::creative_status(std::string creative_id) {
  if (creative_id.size() > longest_id) {
    co_return std::nullopt;
  }
  auto const held = co_await context_.store().get(key_of(creative_prefix, creative_id));
  if (!held) {
    co_return std::nullopt;
  }
  co_return status_of(sales::parse_object(held->value()));
}

sdk::task<void> shelf::set_creative_status(std::string creative_id, std::string status) {
  auto const key = key_of(creative_prefix, creative_id);
  for (int attempt = 0; attempt < most_changes; ++attempt) {
    auto const held = co_await context_.store().get(key);
    if (!held) {
      co_return;
    }
    auto creative = sales::parse_object(held->value());
    creative["status"] = status;
    creative["updated"] = sales::format_instant(now());
    auto text = json::serialize(creative);
    auto const written = co_await replace(key, std::move(text), held->version());
    if (written) {
      co_return;
    }
  }
  throw sdk::error("CONFLICT", "The creative is being changed by others").field("creative_id");
}

sdk::task<void> shelf::require(std::string creative_id, std::string path) {
  std::optional<sdk::store_entry> found;
  if (!creative_id.empty() && creative_id.size() <= longest_id) {
    found = co_await context_.store().get(key_of(creative_prefix, creative_id));
  }
  if (!found) {
    throw sdk::error("CREATIVE_NOT_FOUND", "There is no creative " + creative_id)
        .field(path)
        .suggestion("Send it with sync_creatives first");
  }
}

sdk::task<sales::creative_store::stored> shelf::put(sales::creative item, bool dry_run, sales::deadline) {
  if (item.id.size() > longest_id) {
    throw sdk::error("VALIDATION_ERROR", "creative_id may have 400 bytes at most").field("creative_id");
  }
  auto const key = key_of(creative_prefix, item.id);
  json::object content{{"name", item.name},     {"format_id", item.format_id}, {"url", item.url},
                       {"markup", item.markup}, {"click_url", item.click_url}, {"alt_text", item.alt_text}};
  auto const held = co_await context_.store().get(key);
  auto const before = held ? sales::parse_object(held->value()) : json::object();
  stored answer{item.id, held ? "updated" : "created"};
  if (held && sales::upstream_object(before, "content") == content) {
    answer.action = "unchanged";
  }
  if (dry_run || answer.action == "unchanged") {
    co_return answer;
  }
  auto const moment = sales::format_instant(now());
  json::object creative{{"creative_id", item.id},
                        {"content", std::move(content)},
                        {"created", held ? sales::upstream_text(before, "created") : moment},
                        {"updated", moment}};
  sdk::store_changes changes;
  changes.put(key, json::serialize(creative));
  co_await context_.store().write(std::move(changes));
  co_return answer;
}

sdk::task<void> shelf::assign(json::object entry, std::string path, std::string buyer, sales::deadline) {
  auto const package_id = sales::required_text(entry, "package_id", path);
  auto const creative_id = sales::required_text(entry, "creative_id", path);
  co_await require(creative_id, sales::path_of(path, "creative_id"));
  auto const buy = buy_of(package_id);
  bool missing = buy.empty();
  if (!missing) {
    auto const at = now();
    std::function<void(buy_document&)> add = [&](buy_document& to) {
      if (!to.is_for(buyer)) {
        throw sales::no_such_buy();
      }
      to.assign(package_id, creative_id, path, at);
    };
    try {
      co_await change(buy, std::move(add));
    } catch (sdk::error const& fault) {
      if (fault.code() != "MEDIA_BUY_NOT_FOUND") {
        throw;
      }
      missing = true;
    }
  }
  if (missing) {
    throw sales::no_such_package(path);
  }
}

sdk::task<json::object> shelf::list(json::object request, sales::deadline) {
  sales::creative_filter const wanted(request);
  json::array matching;
  std::string last;
  for (;;) {
    auto const page = co_await context_.store().list(std::string(creative_prefix), last);
    if (page.empty()) {
      break;
    }
    for (auto const& each : page) {
      auto const creative = sales::parse_object(each.value());
      auto const content = sales::upstream_object(creative, "content");
      json::object entry{{"creative_id", sales::upstream_text(creative, "creative_id")},
                         {"name", sales::upstream_text(content, "name")},
                         {"format_id", sales::upstream_object(content, "format_id")},
                         {"status", status_of(creative)},
                         {"created_date", sales::upstream_text(creative, "created")},
                         {"updated_date", sales::upstream_text(creative, "updated")}};
      if (wanted.matches(entry)) {
        matching.push_back(std::move(entry));
      }
    }
    last = page.back().key();
  }
  co_return sales::creatives_answer(request, std::move(matching));
}

sdk::task<sales::buy_delivery> shelf::measure(kept_buy kept, sales::reporting_period period, sales::deadline) {
  co_return kept.buy.delivery(period, now());
}

}  // namespace tenon::sandbox_seller
