// Goal: a plan says exactly which tenants move, which stay and why. Method: catalogs, images and deployments made by
// hand; no file, no library.
#include "reload/plan.hpp"

#include <doctest/doctest.h>

using namespace tenon;

namespace {

manifest sales_manifest(std::string version) {
  manifest made;
  made.id = "gam";
  made.version = std::move(version);
  made.tasks = {{.name = "create_media_buy", .mutating = true}, {.name = "get_products"}};
  made.specialisms = {"sales-guaranteed"};
  made.settings_schema = {
      {"type", "object"}, {"additionalProperties", false}, {"properties", {{"network_code", {{"type", "string"}}}}}};
  return made;
}

std::shared_ptr<const plugin_image> image_of(const std::string& hash) {
  plugin_image made;
  made.name = "gam";
  made.content_hash = hash;
  made.manifest = sales_manifest("1.0.0");
  return std::make_shared<const plugin_image>(std::move(made));
}

std::shared_ptr<const tenant_entry> entry_of(const std::string& name, const std::string& network = "1") {
  tenant_entry made;
  made.name = name;
  made.plugin = "gam";
  made.settings = {{"network_code", network}};
  made.place = {.file = "tenants.d/" + name + ".toml", .line = 1};
  return std::make_shared<const tenant_entry>(std::move(made));
}

/// What serves now and what is wanted, and the plan between them.
struct world {
  deployment_map now;
  catalog wanted;
  pinned_plugins plugins;
  crash_findings crashes;

  void serves(const std::string& tenant, const std::string& hash, const std::string& network = "1") {
    now.emplace(tenant, std::make_shared<const deployment>(
                            deployment{.entry = entry_of(tenant, network), .image = image_of(hash)}));
  }
  void wants(const std::string& tenant, const std::string& network = "1") {
    wanted.tenants.emplace(tenant, entry_of(tenant, network));
  }
  void pins(const std::string& hash) { plugins.emplace("gam", image_of(hash)); }
  void refuses(const std::string& why) {
    plugins.emplace("gam", result<std::shared_ptr<const plugin_image>>(make_error("CONFIGURATION_ERROR", "no", why)));
  }
  /// A process has died in these bytes while it worked for the tenant.
  void dies(const std::string& tenant, const std::string& hash) {
    crashes.add({.content_hash = hash,
                 .tenant = tenant,
                 .plugin = "gam",
                 .version = "1.0.0",
                 .entered = "get_products",
                 .signal = "SIGSEGV at 0x0",
                 .time = "2026-01-31T12:00:00Z",
                 .process = "12"});
  }
  reload_plan plan(const plan_focus& focus = {}) const { return make_plan(now, wanted, plugins, crashes, focus); }
};

}  // namespace

TEST_CASE("a tenant whose table and bytes are the same is counted and left alone") {
  world w;
  w.serves("acme", "aa");
  w.wants("acme");
  w.pins("aa");
  const auto plan = w.plan();
  CHECK(plan.changes.empty());
  CHECK(plan.unchanged.size() == 1);
}

TEST_CASE("new bytes move every tenant of the plugin, new settings only their own tenant") {
  world w;
  w.serves("acme", "aa");
  w.serves("beta", "aa");
  w.wants("acme");
  w.wants("beta", "2");
  SUBCASE("bytes") {
    w.pins("bb");
    const auto plan = w.plan();
    REQUIRE(plan.changes.size() == 2);
    CHECK(plan.changes[0].change.what == tenant_change::kind::plugin);
    CHECK(plan.changes[1].change.what == tenant_change::kind::settings);
    CHECK(plan.changes[0].next->image->content_hash == "bb");
  }
  SUBCASE("settings") {
    w.pins("aa");
    const auto plan = w.plan();
    REQUIRE(plan.changes.size() == 1);
    CHECK(plan.changes[0].change.tenant == "beta");
    CHECK(plan.changes[0].change.applied);
    CHECK(plan.unchanged.size() == 1);
  }
}

TEST_CASE("a refused plugin keeps what works, and gives a new tenant a deployment that says why it has none") {
  world w;
  w.serves("acme", "aa");
  w.wants("acme");
  w.wants("fresh");
  w.refuses("gam.so: truncated");
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 2);
  CHECK_FALSE(plan.changes[0].change.applied);
  CHECK(plan.changes[0].change.reason == "gam.so: truncated");
  CHECK(plan.changes[0].next == w.now.at("acme"));
  CHECK_FALSE(plan.changes[1].change.applied);
  REQUIRE(plan.changes[1].next->refusal);
  CHECK(plan.changes[1].next->refusal->code == "CONFIGURATION_ERROR");
  CHECK(plan.changes[1].next->refusal->message.find("truncated") == std::string::npos);
}

TEST_CASE("settings that do not fit the manifest are kept back with the place and the finding") {
  world w;
  w.serves("acme", "aa");
  auto wrong = *entry_of("acme");
  wrong.settings = {{"network_code", 12}};
  wrong.lines = {{"settings.network_code", 7}};
  w.wanted.tenants.emplace("acme", std::make_shared<const tenant_entry>(wrong));
  w.pins("aa");
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 1);
  CHECK_FALSE(plan.changes[0].change.applied);
  CHECK(plan.changes[0].change.reason.starts_with("tenants.d/acme.toml:7: error: settings.network_code"));
  CHECK(plan.changes[0].change.reason.find("network_code") != std::string::npos);
  CHECK(plan.changes[0].next == w.now.at("acme"));
}

TEST_CASE("switching a tenant off is applied even when its plugin is refused, and is then no change any more") {
  world w;
  w.serves("acme", "aa");
  auto off = *entry_of("acme");
  off.enabled = false;
  w.wanted.tenants.emplace("acme", std::make_shared<const tenant_entry>(off));
  w.refuses("gam.so: not there");
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 1);
  CHECK(plan.changes[0].change.applied);
  CHECK_FALSE(plan.changes[0].next->entry->enabled);
  w.now["acme"] = plan.changes[0].next;
  CHECK(w.plan().changes.empty());
}

TEST_CASE("a removed tenant has no next deployment") {
  world w;
  w.serves("acme", "aa");
  w.pins("aa");
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 1);
  CHECK(plan.changes[0].change.what == tenant_change::kind::removed);
  CHECK(plan.changes[0].next == nullptr);
}

TEST_CASE("a broken table keeps the last good deployment; without one the tenant is refused, not unknown") {
  world w;
  w.serves("acme", "aa");
  w.pins("aa");
  w.wanted.broken = {"acme", "fresh"};
  w.wanted.diagnostics = {{.tenant = "acme", .file = "tenants.d/acme.toml", .line = 3, .message = "unknown key"}};
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 2);
  CHECK_FALSE(plan.changes[0].change.applied);
  CHECK(plan.changes[0].change.reason.find("tenants.d/acme.toml:3") != std::string::npos);
  CHECK(plan.changes[0].next == w.now.at("acme"));
  REQUIRE(plan.changes[1].next);
  CHECK(plan.changes[1].next->refusal);
}

TEST_CASE("a tenant that was refused before is applied once its plugin is there") {
  world w;
  w.wants("acme");
  w.refuses("gam.so: not there");
  const auto before = w.plan();
  w.now.emplace("acme", before.changes[0].next);
  w.plugins.clear();
  w.pins("aa");
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 1);
  CHECK(plan.changes[0].change.applied);
  CHECK_FALSE(plan.changes[0].next->refusal);
}

TEST_CASE("bytes that ended a process are refused for the tenant they worked for, and for nobody else") {
  world w;
  w.dies("acme", "aa");
  w.wants("acme");
  w.wants("beta");
  w.pins("aa");
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 2);
  CHECK_FALSE(plan.changes[0].change.applied);
  CHECK(plan.changes[0].change.reason.find(
            "process 12 died with SIGSEGV at 0x0 inside gam 1.0.0 (aa), in get_products") != std::string::npos);
  CHECK(plan.changes[0].next->refusal->code == "CONFIGURATION_ERROR");
  CHECK(plan.changes[0].next->image == nullptr);
  CHECK(plan.changes[1].change.applied);

  w.now.emplace("acme", plan.changes[0].next);
  w.now.emplace("beta", plan.changes[1].next);
  CHECK_FALSE(w.plan().changes.at(0).change.applied);  // the same bytes, dropped again
  w.plugins.clear();
  w.pins("bb");
  CHECK(w.plan().changes.at(0).change.applied);  // other bytes
  w.plugins.clear();
  w.pins("aa");
  w.crashes = {};
  const auto forgiven = w.plan();
  REQUIRE(forgiven.changes.size() == 1);
  CHECK(forgiven.changes[0].change.applied);
}

TEST_CASE("a tenant that serves from bytes keeps them when another process dies in them") {
  world w;
  w.serves("acme", "aa");
  w.wants("acme");
  w.pins("aa");
  w.dies("acme", "aa");
  const auto plan = w.plan();
  REQUIRE(plan.changes.size() == 1);
  CHECK_FALSE(plan.changes[0].change.applied);
  CHECK(plan.changes[0].next == w.now.at("acme"));
}

TEST_CASE("a claimed specialism has to be offered, and its entry tasks implemented") {
  auto claims = *entry_of("acme");
  claims.specialisms = {"sales-guaranteed"};
  CHECK_FALSE(check_deployment(claims, sales_manifest("1.0.0")));

  auto poor = sales_manifest("1.0.0");
  poor.tasks = {{.name = "get_products"}};
  const auto missing = check_deployment(claims, poor);
  REQUIRE(missing);
  CHECK(missing->operator_detail.find("create_media_buy") != std::string::npos);

  claims.specialisms = {"signal-owned"};
  const auto other = check_deployment(claims, sales_manifest("1.0.0"));
  REQUIRE(other);
  CHECK(other->operator_detail.find("signal-owned") != std::string::npos);
}

TEST_CASE("a request about some tenants moves them, changed or not, and is silent about the others") {
  world w;
  for (const char* name : {"acme", "beta", "gone"}) w.serves(name, "aa");
  w.wants("acme");
  w.wants("beta", "2");
  w.pins("aa");
  const auto one = w.plan({.requests = {{reload_request::scope::tenant, "acme"}}});
  REQUIRE(one.changes.size() == 1);
  CHECK(one.changes[0].change.tenant == "acme");
  CHECK(one.changes[0].change.what == tenant_change::kind::asked);
  CHECK(one.changes[0].change.applied);
  CHECK(one.unchanged.empty());
  const auto removed = w.plan({.requests = {{reload_request::scope::tenant, "gone"}}});
  REQUIRE(removed.changes.size() == 1);
  CHECK(removed.changes[0].change.what == tenant_change::kind::removed);
  CHECK(w.plan({.requests = {{reload_request::scope::plugin, "kevel"}}}).changes.empty());
  CHECK(w.plan({.requests = {{reload_request::scope::plugin, "gam"}}}).changes.size() == 3);
  CHECK(w.plan({.requests = {{reload_request::scope::all, ""}}}).changes.size() == 3);
  // Folded with the request of a SIGHUP it is about both.
  CHECK(w.plan({.requests = {{reload_request::scope::tenant, "acme"}, {}}}).changes.size() == 3);
}

TEST_CASE("other secrets are a change, and a request by their file is about the tenants that name it") {
  world w;
  auto with_secret = std::make_shared<tenant_entry>(*entry_of("acme"));
  with_secret->secrets.emplace("key", secret_source{secret_source::kind::file, "/etc/tenon/acme.json"});
  w.now.emplace("acme", std::make_shared<const deployment>(deployment{.entry = with_secret, .image = image_of("aa")}));
  w.wanted.tenants.emplace("acme", with_secret);
  w.serves("beta", "aa");
  w.wants("beta");
  w.pins("aa");
  CHECK(w.plan().changes.empty());
  const auto other = w.plan({.other_secrets = {"acme"}});
  REQUIRE(other.changes.size() == 1);
  CHECK(other.changes[0].change.what == tenant_change::kind::secret);
  const auto named = w.plan({.requests = {{reload_request::scope::secret, "/etc/tenon/../tenon/acme.json"}}});
  REQUIRE(named.changes.size() == 1);
  CHECK(named.changes[0].change.tenant == "acme");
  CHECK(w.plan({.requests = {{reload_request::scope::secret, "/etc/tenon/other.json"}}}).changes.empty());
}
