// Goal: whatever the ad servers do, a buy is made once and whole, or not at all, and what cannot be said at once is
// said later. Method: real plugins in a real host against the stand-ins, a tenth of whose answers go wrong in every way
// that the sandbox has, buyers that repeat what they are told to; what is looked at is what the ad servers hold in the
// end. TENON_BUYS=300 makes as many; ctest makes a few.
#include "world.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

constexpr int packages = 10;

int buys_wanted() {
  const char* const said = std::getenv("TENON_BUYS");
  return said == nullptr ? 6 : std::atoi(said);
}

/// A tenth of the requests of either ad server goes wrong, in one of eight ways.
void arm_everything(ad_servers& servers) {
  int seed = 1;
  for (const json::object& kind :
       std::initializer_list<json::object>{{{"status", 503}, {"body", "<html>"}},
                                           {{"drop", "reset_before"}},
                                           {{"drop", "reset_after"}},
                                           {{"late_commit_ms", 150}},
                                           {{"cut", "body"}},
                                           {{"truncate", true}},
                                           {{"preset", "rate_limited"}, {"retry_after_s", 1}},
                                           {{"latency_ms", 40}}}) {
    auto fault = kind;
    fault["match"] = "*";
    fault["probability"] = 0.0131;  // of eight one hits in ten of a hundred requests
    fault["seed"] = seed++;
    servers.arm(fault);
  }
}

/// A buyer: hangs up on its first call, repeats it until it is told what became of it, and asks for what was submitted.
class buyer {
 public:
  buyer(host_fixture& host, ad_servers& servers, std::string tenant, std::string key)
      : host_(host), servers_(servers), tenant_(std::move(tenant)), key_(std::move(key)) {}

  /// What became of the buy: "bought", or the code of an error. Hangs up first once the ad servers were asked
  /// `hang_up_after` times more, unless that is 0.
  std::string go(std::int64_t hang_up_after) {
    if (hang_up_after > 0) hang_up(hang_up_after);
    while (std::chrono::steady_clock::now() < give_up_) {
      const auto answer = host_fixture::wait(start());
      if (!answer && answer.error().recover == recovery::transient) continue;
      if (!answer) return answer.error().code;
      const auto id = task_of(*answer);
      if (id.empty()) return "bought";
      ++submitted;
      const auto end = settled(id);
      if (end != again) return end;
    }
    return "never";
  }

  static inline std::atomic<int> submitted{0};
  static inline std::atomic<int> hung_up{0};

 private:
  static constexpr std::string_view again = "again";

  std::future<result<reply>> start(std::stop_token stop = {}) {
    call_request request{.task = "create_media_buy", .body = two_sellers::buy(key_, packages), .context = {}};
    request.context.principal = "buyer";
    request.context.idempotency_key = key_;
    request.context.stop = std::move(stop);
    auto promise = std::make_shared<std::promise<result<reply>>>();
    host_->async_call({.tenant = tenant_}, std::move(request),
                      [promise](result<reply> outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  }

  void hang_up(std::int64_t after) {
    std::stop_source stop;
    const auto before = servers_.requests();
    auto answer = start(stop.get_token());
    while (answer.wait_for(0s) != std::future_status::ready && servers_.requests() < before + after)
      std::this_thread::yield();
    stop.request_stop();
    if (!host_fixture::wait(std::move(answer))) ++hung_up;
  }

  static std::string task_of(const reply& answer) {
    const auto body = json::parse(answer.body).as_object();
    const auto* const id = body.if_contains("task_id");
    return id == nullptr ? std::string() : std::string(id->as_string());
  }

  /// How the task ended, or `again` when a repetition of its call was given another. Repeats the call now and then,
  /// which must not buy a second time.
  std::string settled(const std::string& id) {
    submitted_task last;
    for (int asked = 0; last.now == submitted_task::state::submitted; ++asked) {
      if (std::chrono::steady_clock::now() > give_up_) return "never: " + last.trouble + last.message;
      if (asked % 256 == 1) {
        const auto repeated = host_fixture::wait(start());
        const auto other = repeated ? task_of(*repeated) : id;
        if (other != id) {
          const auto ended = find(id);
          CHECK_MESSAGE((ended && ended->now != submitted_task::state::submitted),
                        key_ << " was submitted as " << id << " and again as " << other);
          return other.empty() ? "bought" : std::string(again);
        }
      }
      if (auto found = find(id)) last = std::move(*found);
    }
    if (last.now == submitted_task::state::completed) return "bought";
    return std::string(json::parse(last.outcome).at("code").as_string());
  }

  std::optional<submitted_task> find(const std::string& id) {
    auto found = host_fixture::wait(host_->async_find_task(tenant_, id, as_future));
    return found ? std::move(*found) : std::nullopt;
  }

  host_fixture& host_;
  ad_servers& servers_;
  const std::string tenant_;
  const std::string key_;
  const std::chrono::steady_clock::time_point give_up_ =
      std::chrono::steady_clock::now() + 15min;  // for hundreds of buys under a sanitizer
};

std::string text(const json::value& object, std::string_view member) {
  const auto* const found = object.as_object().if_contains(member);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

/// Orders and their line items, by the names of the orders that are there.
std::map<std::string, std::multiset<std::string>> orders_of(const json::object& state) {
  std::map<std::string, std::string> names;
  std::map<std::string, std::multiset<std::string>> all;
  for (const auto& order : state.at("orders").as_array()) {
    if (text(order, "status") == "DELETED") continue;
    CHECK_MESSAGE(text(order, "status") == "APPROVED", json::serialize(order));
    const auto [at, fresh] = all.try_emplace(text(order, "displayName"));
    CHECK_MESSAGE(fresh, "two orders are called " << at->first);
    names[text(order, "name")] = at->first;
  }
  for (const auto& item : state.at("lineItems").as_array()) {
    const auto of = names.find(text(item, "order"));
    if (of != names.end()) all[of->second].insert(text(item, "externalLineItemId"));
  }
  return all;
}

std::map<std::string, std::multiset<std::string>> campaigns_of(const json::object& state) {
  std::map<std::int64_t, std::string> names;
  std::map<std::string, std::multiset<std::string>> all;
  for (const auto& campaign : state.at("campaign").as_array()) {
    const auto& fields = campaign.as_object();
    if (fields.at("IsDeleted").as_bool()) continue;
    CHECK_MESSAGE(text(campaign, "CustomFieldsJson").find("draft") == std::string::npos, json::serialize(campaign));
    const auto [at, fresh] = all.try_emplace(text(campaign, "Name"));
    CHECK_MESSAGE(fresh, "two campaigns are called " << at->first);
    names[fields.at("Id").to_number<std::int64_t>()] = at->first;
  }
  for (const auto& flight : state.at("flight").as_array()) {
    const auto of = names.find(flight.at("CampaignId").to_number<std::int64_t>());
    if (of == names.end() || flight.at("IsDeleted").as_bool()) continue;
    const auto marker = text(json::parse(text(flight, "CustomFieldsJson")), "marker");
    const bool twice = all[of->second].contains(marker);
    all[of->second].insert(marker);
    CHECK_MESSAGE(!twice, json::serialize(flight));
  }
  return all;
}

}  // namespace

TEST_CASE("whatever the ad servers do, each buy is there once and whole") {
  const int wanted = buys_wanted();
  two_sellers files("blocking_threads = 4\n");
  // A write that comes through late has come before it is looked for again.
  const std::string calm = "requests_per_second = 0\nresume_after_seconds = 0.5\n";
  const std::string open = "limits = { breaker = { min_calls = 1000 }, max_calls = 64, max_queued_calls = 1000 }\n";
  files.write_gam("acme", calm, open);
  files.write_kevel("harbor", calm, open);
  host_fixture host(files);
  arm_everything(files.servers);

  std::map<std::string, int> ends;
  std::mutex mutex;
  std::atomic<int> next = 0;
  std::atomic<int> reloads = 0;
  std::vector<std::thread> buyers;
  for (int count = 0; count < 8; ++count) {
    buyers.emplace_back([&] {
      for (int number = next++; number < 2 * wanted; number = next++) {
        const std::string tenant = number % 2 == 0 ? "acme" : "harbor";
        const auto key = "buy-of-the-stress-test-" + std::to_string(number);
        const auto end = buyer(host, files.servers, tenant, key).go(number % 3 == 2 ? 1 + number % 17 : 0);
        {
          const std::lock_guard lock(mutex);
          ++ends[tenant + " " + end];
        }
        if (number % 4 > 1) continue;
        const auto moved = host_fixture::wait(
            host->async_reload({.about = reload_request::scope::tenant, .name = tenant}, as_future));
        reloads += static_cast<int>(moved.tenants.size());
      }
    });
  }
  for (auto& each : buyers) each.join();
  std::string seen;
  for (const auto& [end, count] : ends) seen += end + ": " + std::to_string(count) + "; ";
  MESSAGE(seen << buyer::submitted.load() << " times submitted; hung up on " << buyer::hung_up.load() << "; "
               << reloads.load() << " reloads");
  CHECK(ends["acme bought"] == wanted);
  CHECK(ends["harbor bought"] == wanted);

  const auto orders = orders_of(files.servers.gam());
  CHECK(orders.size() == static_cast<std::size_t>(wanted));
  const auto campaigns = campaigns_of(files.servers.kevel());
  CHECK(campaigns.size() == static_cast<std::size_t>(wanted));
  for (const auto& all : {orders, campaigns}) {
    for (const auto& [name, markers] : all) {
      CAPTURE(name);
      CHECK(markers.size() == packages);
      CHECK(std::set<std::string>(markers.begin(), markers.end()).size() == packages);
    }
  }
}
