// Goal: a buyer gets a plan, changes it, has it committed and buys it, and nobody else does. Method: the plugin below
// the fake host, whose store outlives it; the parts of a budget as pure functions.
#include "plugins/sandbox-seller/media_plan.hpp"

#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <numeric>

using namespace std::chrono_literals;
using tenon::sandbox_seller::split;
using tenon::sdk::testing::call_options;
using tenon::sdk::testing::fake_host;
using tenon::sdk::testing::fake_reply;
using tenon::sdk::testing::memory_store;
namespace json = tenon::sdk::json;

namespace {

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

const std::string products = R"("products":[
    {"product_id":"sports","delivery_type":"guaranteed",
     "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
     "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":10,
                         "min_spend":300}]},
    {"product_id":"news","delivery_type":"non_guaranteed","channels":["display"],
     "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
     "pricing_options":[{"pricing_option_id":"auction","pricing_model":"cpm","currency":"USD","floor":4}]}])";

const std::string plans = R"("proposals":[
    {"proposal_id":"reach","name":"Reach","allocations":[
        {"product_id":"sports","pricing_option_id":"fixed","allocation_percentage":60},
        {"product_id":"news","pricing_option_id":"auction","allocation_percentage":40}]},
    {"proposal_id":"signed","requires_signature":true,"allocations":[
        {"product_id":"news","pricing_option_id":"auction","allocation_percentage":100}]}])";

/// It is November 23, 2026, noon.
struct world {
  explicit world(memory_store& kept, const std::string& settings = plans + "," + products) {
    host.store(kept);
    host.settings(parsed("{" + settings + "}"));
    host.on_hash([](auto, std::string_view data) {
      std::string digest(32, 'h');
      digest[0] = data.back();  // another key, and another buyer, has another digest
      return digest;
    });
    pass(0h);
    REQUIRE(host.create().ok());
  }

  void pass(std::chrono::hours since) {
    host.wall_clock(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 12h + since);
  }
  fake_reply ask(std::string_view task, const std::string& request, const std::string& key = "0123456789abcdef") {
    return host.ask(task, parsed(request), call_options().idempotency_key(key).principal(principal));
  }
  json::object good(std::string_view task, const std::string& request) {
    const auto answer = ask(task, request);
    REQUIRE_MESSAGE(answer.ok(), answer.code() << " " << answer.message() << " " << answer.operator_detail());
    return answer.body().as_object();
  }
  json::object brief(const std::string& more = "") {
    return good("get_products", R"({"buying_mode":"brief","brief":"sports")" + more + "}");
  }
  fake_reply try_to_refine(const std::string& asks) {
    return ask("refine_get_products", R"({"buying_mode":"refine","refine":[)" + asks + "]}");
  }
  json::object refine(const std::string& asks) {
    const auto answer = try_to_refine(asks);
    REQUIRE_MESSAGE(answer.ok(), answer.code() << " " << answer.message());
    return answer.body().as_object();
  }
  json::object finalize(const std::string& id) {
    return refine(R"({"scope":"proposal","action":"finalize","proposal_id":")" + id + "\"}");
  }
  fake_reply buy(const std::string& id, const std::string& more = "", double budget = 1000.01,
                 const std::string& key = "0123456789abcdef") {
    return ask("create_media_buy",
               R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z",)"
               R"("end_time":"2026-12-11T00:00:00Z","proposal_id":")" +
                   id + R"(","total_budget":{"currency":"USD","amount":)" + std::to_string(budget) + "}" + more + "}",
               key);
  }

  fake_host host;
  std::string principal = "buyer-1";
};

std::string text(const json::value& in, std::string_view member) { return std::string(in.at(member).as_string()); }

std::int64_t micros(const json::value& amount) { return std::llround(amount.to_number<double>() * 1e6); }

std::string replaced(std::string in, const std::string& what, const std::string& by) {
  REQUIRE(in.find(what) != std::string::npos);
  return in.replace(in.find(what), what.size(), by);
}

std::vector<std::string> ids(const json::value& listed, std::string_view member) {
  std::vector<std::string> all;
  for (const auto& each : listed.as_array()) all.push_back(text(each, member));
  return all;
}
std::vector<std::string> proposals_of(const json::object& answer) {
  return answer.contains("proposals") ? ids(answer.at("proposals"), "proposal_id") : std::vector<std::string>();
}
using names = std::vector<std::string>;

}  // namespace

TEST_CASE("a brief gets the plans of the settings as drafts, whose parts come to a hundred") {
  memory_store kept;
  world at(kept);
  const auto answer = at.brief();
  const auto& all = answer.at("proposals").as_array();
  REQUIRE(all.size() == 2);
  CHECK(text(all[0], "proposal_id") == "reach");
  CHECK(text(all[0], "name") == "Reach");
  CHECK(text(all[0], "proposal_status") == "draft");
  CHECK(!all[0].as_object().contains("expires_at"));
  CHECK(all[0].at("allocations").at(0).at("allocation_percentage") == 60.0);
  CHECK(text(all[0].at("allocations").at(1), "pricing_option_id") == "auction");
  CHECK(all[0].at("total_budget_guidance").at("min") == 500.0);  // 60 percent of it are the 300 that sports needs
  CHECK(at.brief() == answer);
  CHECK(!at.good("get_products", R"({"buying_mode":"wholesale"})").contains("proposals"));
  CHECK(!at.brief(R"(,"filters":{"delivery_type":"guaranteed"})").contains("proposals"));  // news would be missing
}

TEST_CASE("without a plan in the settings there is one of equal parts of what fits") {
  memory_store kept;
  world at(kept, products);
  const auto both = at.brief();
  REQUIRE(both.at("proposals").as_array().size() == 1);
  CHECK(text(both.at("proposals").at(0), "proposal_id") == "balanced");
  CHECK(both.at("proposals").at(0).at("allocations").at(1).at("allocation_percentage") == 50.0);
  const auto one = at.brief(R"(,"filters":{"delivery_type":"guaranteed"})");
  CHECK(one.at("proposals").at(0).at("allocations").at(0).at("allocation_percentage") == 100.0);
  memory_store other;
  world none(other, R"("proposals":[],)" + products);
  CHECK(!none.brief().contains("proposals"));
}

TEST_CASE("a plan of what is not sold, or not of a whole budget, is no configuration") {
  for (const auto* wrong : {R"([{"product_id":"nope","pricing_option_id":"x","allocation_percentage":100}])",
                            R"([{"product_id":"sports","pricing_option_id":"x","allocation_percentage":100}])",
                            R"([{"product_id":"sports","pricing_option_id":"fixed","allocation_percentage":99}])"}) {
    CAPTURE(wrong);
    fake_host host;
    host.settings(
        parsed(R"({"proposals":[{"proposal_id":"p","allocations":)" + std::string(wrong) + "}]," + products + "}"));
    CHECK(host.create().code() == "CONFIGURATION_ERROR");
  }
}

TEST_CASE("a product that is left out goes from the drafts, and its part to the others") {
  memory_store kept;
  world at(kept);
  at.brief();
  const auto refined =
      at.refine(R"({"scope":"product","action":"omit","product_id":"news"},)"
                R"({"scope":"proposal","proposal_id":"reach","ask":"less display"},{"scope":"request","ask":"more"})");
  const auto& applied = refined.at("refinement_applied").as_array();
  REQUIRE(applied.size() == 3);
  CHECK(text(applied[0], "status") == "applied");
  CHECK(text(applied[1], "status") == "partial");
  CHECK(text(applied[1], "proposal_id") == "reach");
  REQUIRE(refined.at("proposals").as_array().size() == 1);
  const auto& parts = refined.at("proposals").at(0).at("allocations").as_array();
  REQUIRE(parts.size() == 1);
  CHECK(text(parts[0], "product_id") == "sports");
  CHECK(parts[0].at("allocation_percentage") == 100.0);
  const auto all = at.refine(R"({"scope":"proposal","action":"omit","proposal_id":"signed"})");
  REQUIRE(all.at("proposals").as_array().size() == 1);
  CHECK(text(all.at("proposals").at(0), "proposal_id") == "reach");
  CHECK(text(at.refine(R"({"scope":"proposal","proposal_id":"nope"})").at("refinement_applied").at(0), "status") ==
        "unable");
  CHECK(at.try_to_refine(R"({"scope":"proposal","action":"finalize","proposal_id":"nope"})").code() ==
        "REFERENCE_NOT_FOUND");
}

TEST_CASE("what is committed is held for a day, stays as it is, and is bought in its parts") {
  memory_store kept;
  world at(kept);
  at.brief();
  CHECK(at.buy("reach").code() == "PROPOSAL_NOT_COMMITTED");
  const auto firm = at.finalize("reach").at("proposals").at(0);
  CHECK(text(firm, "proposal_status") == "committed");
  CHECK(text(firm, "expires_at") == "2026-11-24T12:00:00Z");
  CHECK(!firm.as_object().contains("insertion_order"));
  const auto kept_so = at.refine(R"({"scope":"product","action":"omit","product_id":"news"},)"
                                 R"({"scope":"proposal","proposal_id":"reach","ask":"less"})");
  CHECK(kept_so.at("proposals").at(0) == firm);
  CHECK(text(kept_so.at("refinement_applied").at(1), "status") == "unable");
  CHECK(at.brief().at("proposals").at(0) == firm);

  world next(kept);  // the platform after an eviction
  const auto bought = next.buy("reach");
  REQUIRE_MESSAGE(bought.ok(), bought.code() << bought.message());
  const auto sold = bought.body();
  CHECK(text(sold, "proposal_id") == "reach");
  const auto& packages = sold.at("packages").as_array();
  REQUIRE(packages.size() == 2);
  CHECK(text(packages[0], "product_id") == "sports");
  CHECK(micros(packages[0].at("budget")) == 600'010'000);
  CHECK(micros(packages[1].at("budget")) == 400'000'000);
  CHECK(next.buy("reach").body().at("media_buy_id") == sold.at("media_buy_id"));
  CHECK(next.buy("reach", "", 2000, "another-key-0123!").body().at("media_buy_id") != sold.at("media_buy_id"));
}

TEST_CASE("a proposal is there for the buyer who got it alone") {
  memory_store kept;
  world at(kept);
  at.brief();
  at.finalize("reach");
  at.principal = "buyer-2";
  const auto others = at.buy("reach");
  const auto none = at.buy("nope");
  CHECK(others.code() == "REFERENCE_NOT_FOUND");
  CHECK(others.code() == none.code());
  CHECK(others.message() == none.message());
  CHECK(others.field() == none.field());
  CHECK(at.try_to_refine(R"({"scope":"proposal","action":"finalize","proposal_id":"reach"})").code() ==
        "REFERENCE_NOT_FOUND");
  CHECK(text(at.brief().at("proposals").at(0), "proposal_status") == "draft");
}

TEST_CASE("what has expired is not bought, can be committed anew, and the next brief has another one") {
  memory_store kept;
  world at(kept);
  at.brief();
  at.finalize("reach");
  at.pass(24h);
  CHECK(at.buy("reach").code() == "PROPOSAL_EXPIRED");
  CHECK(at.try_to_refine(R"({"scope":"proposal","proposal_id":"reach","ask":"more"})").code() == "PROPOSAL_EXPIRED");
  const auto fresh = at.brief().at("proposals").at(0);
  CHECK(text(fresh, "proposal_id") == "reach-2");
  CHECK(text(fresh, "proposal_status") == "draft");
  CHECK(text(at.finalize("reach").at("proposals").at(0), "expires_at") == "2026-11-25T12:00:00Z");
  CHECK(at.buy("reach").ok());
  at.pass(24h * 60);
  CHECK(text(at.brief().at("proposals").at(0), "proposal_id") == "reach");  // nobody remembers the first one
}

TEST_CASE("an insertion order has to be accepted, and that one") {
  memory_store kept;
  world at(kept);
  at.brief();
  const auto firm = at.finalize("signed").at("proposals").at(0);
  CHECK(firm.at("insertion_order").at("requires_signature") == true);
  const auto io = text(firm.at("insertion_order"), "io_id");
  const auto accept = [](const std::string& id) {
    return R"(,"io_acceptance":{"io_id":")" + id + R"(","accepted_at":"2026-11-23T12:00:00Z","signatory":"Ann"})";
  };
  CHECK(at.buy("signed").code() == "IO_REQUIRED");
  CHECK(at.buy("signed", accept("io-other")).field() == "io_acceptance.io_id");
  CHECK(at.buy("signed", accept(io)).ok());
}

TEST_CASE("what else is wrong with buying a proposal is said in its words") {
  memory_store kept;
  world at(kept);
  at.brief();
  at.finalize("reach");
  const auto low = at.buy("reach", "", 400);
  CHECK(low.code() == "BUDGET_TOO_LOW");
  CHECK(low.field() == "total_budget");
  CHECK(parsed(low.details()).at("minimum_budget") == 500.0);
  CHECK(at.buy("reach", "", 499.99).code() == "BUDGET_TOO_LOW");
  CHECK(at.buy("reach", "", 500, "another-key-0123!").ok());
  CHECK(at.ask("create_media_buy", R"({"proposal_id":"reach"})").field() == "total_budget");
  CHECK(
      at.ask("create_media_buy", R"({"proposal_id":"reach","total_budget":{"amount":900,"currency":"EUR"}})").field() ==
      "total_budget.currency");
  CHECK(at.buy("reach", R"(,"packages":[{"product_id":"weather"}])").field() == "packages[0].product_id");
  const auto with = at.buy("reach", R"(,"packages":[{"product_id":"news","budget":5,"bid_price":9,)"
                                    R"("creative_assignments":[{"creative_id":"banner"}]}])");
  REQUIRE_MESSAGE(with.ok(), with.code() << with.message());
  CHECK(text(with.body().at("packages").at(1).at("creative_assignments").at(0), "creative_id") == "banner");
  CHECK(with.body().at("packages").at(1).at("budget") == 400.0);
  CHECK(!with.body().at("packages").at(1).as_object().contains("bid_price"));
}

TEST_CASE("the paths of errors are those of the buyer's packages, not of the proposal's") {
  memory_store kept;
  world at(kept);
  at.brief();
  at.finalize("reach");
  // News is the second of the proposal, and the first that is sent.
  const auto odd = at.buy("reach", R"(,"packages":[{"product_id":"news","pacing":"odd"}])");
  CHECK(odd.code() == "VALIDATION_ERROR");
  CHECK(odd.field() == "packages[0].pacing");
  const auto many = at.buy("reach", R"(,"packages":[{"product_id":"news","impressions":100001}])");
  CHECK(many.code() == "BUDGET_TOO_LOW");
  CHECK(many.field() == "packages[0].impressions");
  CHECK(parsed(many.details()).at("affordable_impressions") == 100'000);
  CHECK(at.buy("reach", R"(,"packages":[{"product_id":"news"},{"product_id":"news"}])").field() ==
        "packages[1].product_id");
  const auto both = at.buy("reach", R"(,"packages":[{"product_id":"news","paused":true},{"product_id":"sports"}])");
  REQUIRE_MESSAGE(both.ok(), both.code() << both.message());
  CHECK(ids(both.body().at("packages"), "product_id") == names{"sports", "news"});
  CHECK(both.body().at("packages").at(1).at("paused") == true);
}

TEST_CASE("a proposal with a product that is gone is not listed, not finalized and not bought") {
  // What will be gone is the first part, and needs nothing; the second one has a minimum.
  const auto news = replaced(replaced(products, R"("rate":10,
                         "min_spend":300)",
                                      R"("rate":10)"),
                             R"("floor":4)", R"("floor":4,"min_spend":300)");
  for (const bool committed : {false, true}) {
    CAPTURE(committed);
    memory_store kept;
    {
      world at(kept, news);
      CHECK(proposals_of(at.brief()) == names{"balanced"});
      if (committed) at.finalize("balanced");
    }
    const auto only_news = R"("products":[)" + news.substr(news.find(R"({"product_id":"news")"));
    {
      world none(kept, R"("proposals":[],)" + only_news);
      CHECK(proposals_of(none.brief()).empty());
      CHECK(proposals_of(none.refine(R"({"scope":"request","ask":"more"})")).empty());
      const auto named = none.refine(R"({"scope":"proposal","proposal_id":"balanced"})");
      CHECK(proposals_of(named).empty());
      CHECK(text(named.at("refinement_applied").at(0), "status") == "unable");
      CHECK(none.try_to_refine(R"({"scope":"proposal","action":"finalize","proposal_id":"balanced"})").code() ==
            "PRODUCT_NOT_FOUND");
      CHECK(none.buy("balanced").code() == (committed ? "PRODUCT_NOT_FOUND" : "PROPOSAL_NOT_COMMITTED"));
    }
    world at(kept, only_news);
    const auto answer = at.brief();
    CHECK(proposals_of(answer) == names{committed ? "balanced-2" : "balanced"});
    CHECK(ids(answer.at("proposals").at(0).at("allocations"), "product_id") == names{"news"});
    CHECK(answer.at("proposals").at(0).at("total_budget_guidance").at("min") == 300.0);
  }
}

TEST_CASE("a product that is left out is in no draft, and what is committed says that it keeps it") {
  memory_store kept;
  world at(kept);
  at.brief();
  const std::string no_news = R"({"scope":"product","action":"omit","product_id":"news"})";
  const auto drafts = at.refine(no_news);
  CHECK(proposals_of(drafts) == names{"reach"});  // nothing is left of the other one
  CHECK(ids(drafts.at("products"), "product_id") == names{"sports"});
  CHECK(text(drafts.at("refinement_applied").at(0), "status") == "applied");
  CHECK(at.try_to_refine(no_news + R"(,{"scope":"proposal","action":"finalize","proposal_id":"signed"})").code() ==
        "REFERENCE_NOT_FOUND");
  at.brief();
  at.finalize("signed");
  const auto firm = at.refine(no_news);
  CHECK(proposals_of(firm) == names{"reach", "signed"});
  CHECK(ids(firm.at("products"), "product_id") == names{"sports", "news"});
  CHECK(text(firm.at("refinement_applied").at(0), "status") == "partial");
  CHECK(!text(firm.at("refinement_applied").at(0), "notes").empty());
  const auto other = at.refine(no_news + R"(,{"scope":"proposal","proposal_id":"reach"})");
  CHECK(ids(other.at("products"), "product_id") == names{"sports"});
  CHECK(text(other.at("refinement_applied").at(0), "status") == "applied");
}

TEST_CASE("what is committed is no answer to a brief that it does not fit") {
  memory_store kept;
  world at(kept, products);
  at.brief();
  at.finalize("balanced");
  const auto fixed = at.brief(R"(,"filters":{"delivery_type":"guaranteed"})");
  CHECK(ids(fixed.at("products"), "product_id") == names{"sports"});
  CHECK(proposals_of(fixed) == names{"balanced-2"});
  CHECK(ids(fixed.at("proposals").at(0).at("allocations"), "product_id") == names{"sports"});
  CHECK(proposals_of(at.brief()) == names{"balanced"});
}

TEST_CASE("the next id of a plan is not the id of another plan") {
  memory_store kept;
  const std::string parts = R"("allocations":[{"product_id":"news","pricing_option_id":"auction",)"
                            R"("allocation_percentage":100}]})";
  world at(kept, R"("proposals":[{"proposal_id":"reach",)" + parts + R"(,{"proposal_id":"reach-2",)" + parts + "]," +
                     products);
  CHECK(proposals_of(at.brief()) == names{"reach", "reach-2"});
  at.finalize("reach");
  at.pass(24h);
  CHECK(proposals_of(at.brief()) == names{"reach-3", "reach-2"});
  at.finalize("reach-2");
  at.pass(48h);
  CHECK(proposals_of(at.brief()) == names{"reach-3", "reach-2-2"});
}

TEST_CASE("a committed price stays when the product's goes up, and a product that is gone is not sold") {
  memory_store kept;
  {
    world at(kept);
    at.brief();
    at.finalize("reach");
  }
  world at(kept, replaced(plans + "," + products, "\"rate\":10", "\"rate\":1000000"));
  CHECK(at.buy("reach", "", 600).ok());  // not one impression at the new price
  world gone(kept, R"("proposals":[],"products":[])");
  CHECK(gone.buy("reach", "", 600, "another-key-0123!").code() == "PRODUCT_NOT_FOUND");
}

TEST_CASE("what is committed is firm in all: price, minimum, currency and model") {
  memory_store kept;
  json::object firm;
  {
    world at(kept);
    at.brief();
    firm = at.finalize("reach").at("proposals").at(0).as_object();
  }
  const auto sold = R"("proposals":[],)" + products;
  const std::string again = R"({"scope":"proposal","proposal_id":"reach"})";
  {
    // A bid would be needed for it now, and more of the other one.
    world at(kept, replaced(replaced(sold, R"(,"floor":4)", ""), R"("min_spend":300)", R"("min_spend":900)"));
    CHECK(at.refine(again).at("proposals").at(0).at("total_budget_guidance") == firm.at("total_budget_guidance"));
    const auto bought = at.buy("reach", "", 500);
    CHECK_MESSAGE(bought.ok(), bought.code() << bought.message());
    const auto many =
        at.buy("reach", R"(,"packages":[{"product_id":"news","impressions":50001}])", 500, "another-key-0123!");
    CHECK(parsed(many.details()).at("affordable_impressions") == 50'000);  // 200 at 4 a thousand
  }
  for (const auto& [was, is] : {std::pair{R"("pricing_model":"cpm")", R"("pricing_model":"cpc")"},
                                std::pair{R"("currency":"USD")", R"("currency":"EUR")"},
                                std::pair{R"("pricing_option_id":"fixed")", R"("pricing_option_id":"new")"}}) {
    CAPTURE(is);
    auto changed = replaced(sold, was, is);
    if (changed.find(was) != std::string::npos) changed = replaced(changed, was, is);  // of the other product too
    world at(kept, changed);
    const auto refused = at.buy("reach", "", 1000, "some-other-key-01");
    CHECK(refused.code() == "PRODUCT_UNAVAILABLE");
    CHECK(refused.field() == "proposal_id");
    CHECK(proposals_of(at.refine(again)).empty());
  }
}

TEST_CASE("a flat rate is bought as it was committed, and by packages") {
  const std::string flat = R"("proposals":[{"proposal_id":"week","allocations":[
      {"product_id":"takeover","pricing_option_id":"week","allocation_percentage":75},
      {"product_id":"news","pricing_option_id":"auction","allocation_percentage":25}]}],)" +
                           replaced(products, R"("products":[)", R"("products":[
    {"product_id":"takeover","delivery_type":"guaranteed",
     "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
     "pricing_options":[{"pricing_option_id":"week","pricing_model":"flat_rate","currency":"USD","rate":3000}]},)");
  memory_store kept;
  {
    world at(kept, flat);
    CHECK(at.brief().at("proposals").at(0).at("total_budget_guidance").at("min") == 4000.0);
    at.finalize("week");
  }
  world at(kept, replaced(flat, R"("rate":3000)", R"("rate":9000)"));
  const auto low = at.buy("week", "", 3999.99);
  CHECK(low.code() == "BUDGET_TOO_LOW");
  CHECK(low.field() == "total_budget");
  CHECK(parsed(low.details()).at("minimum_budget") == 4000.0);
  const auto bought = at.buy("week", "", 4000);
  REQUIRE_MESSAGE(bought.ok(), bought.code() << bought.message());
  CHECK(bought.body().at("packages").at(0).at("budget") == 3000.0);
  const auto packages = [&](const std::string& budget) {
    return at.ask("create_media_buy",
                  R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z",)"
                  R"("end_time":"2026-12-11T00:00:00Z","packages":[{"product_id":"takeover",)"
                  R"("pricing_option_id":"week","budget":)" +
                      budget + "}]}",
                  "another-key-0123!");
  };
  CHECK(packages("8999").field() == "packages[0].budget");
  CHECK(packages("9000").ok());
}

TEST_CASE("nobody is said to apply a list by hand") {
  memory_store kept;
  world at(kept);
  at.brief();
  at.finalize("reach");
  const auto bought = at.buy("reach", R"(,"packages":[{"product_id":"news","targeting_overlay":{"property_list":)"
                                      R"({"agent_url":"https://lists.example","list_id":"safe"}}}])");
  REQUIRE_MESSAGE(bought.ok(), bought.code() << bought.message());
  const auto news = bought.body().at("packages").at(1).as_object();
  CHECK(news.at("targeting_overlay").as_object().contains("property_list"));
  CHECK(!news.contains("ext"));
}

TEST_CASE("parts come to the total, whatever the weights") {
  for (const auto total :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'000'010'000}, std::int64_t{999'999'999'999'999}}) {
    for (const auto& weights : {std::vector<std::int64_t>{1, 1, 1}, {1, 9999}, {3333, 3333, 3334}, {0, 10'000}}) {
      for (const auto step : {std::int64_t{1}, std::int64_t{10'000}}) {
        const auto parts = split(total, weights, step);
        CHECK(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == total);
        for (const auto part : parts) CHECK(part >= 0);
      }
    }
  }
  CHECK(split(100'000, {1, 2}, 10'000) == std::vector<std::int64_t>{30'000, 70'000});
}
