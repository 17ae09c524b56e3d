// Goal: a difference names exactly the tenants that have to move.
#include "config_directory.hpp"

using namespace tenon;

namespace {

std::shared_ptr<const catalog> read_from(const std::string& tenants) {
  const config_directory directory;
  return directory.main(tenants).read();
}

const std::string acme = inline_tenant("acme", "plugin = 'gam'\nsettings = { a = 1, b = 2 }");

}  // namespace

TEST_CASE("the same text differs in nothing, nor does it after comments and order changed") {
  const config_directory directory;
  const auto before = directory.main(acme).read();
  const auto after =
      directory
          .main("# moved\n\n[cache]\nsize = 9\n[tenants.acme.settings]\nb = 2\na = 1\n[tenants.acme]\nplugin = 'gam'\n")
          .read();
  const auto difference = compare(*before, *after);
  CHECK(difference.added.empty());
  CHECK(difference.removed.empty());
  CHECK(difference.changed.empty());
}

TEST_CASE("added, removed and changed tenants are named, each list sorted") {
  const auto before = read_from(inline_tenant("c", "plugin = 'gam'") + inline_tenant("b", "plugin = 'gam'") +
                                inline_tenant("a", "plugin = 'gam'") + acme);
  const auto after = read_from(inline_tenant("e", "plugin = 'gam'") + inline_tenant("d", "plugin = 'gam'") +
                               inline_tenant("a", "plugin = 'kevel'") + acme);
  const auto difference = compare(*before, *after);
  CHECK(difference.added == std::vector<std::string>{"d", "e"});
  CHECK(difference.removed == std::vector<std::string>{"b", "c"});
  CHECK(difference.changed == std::vector<std::string>{"a"});
}

TEST_CASE("every key of a tenant counts") {
  const std::string changes[] = {"enabled = false",           "isolate = true",
                                 "accounts = [{ id = 'x' }]", "hosts = ['x.example']",
                                 "principals = ['p']",        "specialisms = ['sales-social']",
                                 "settings = { a = 1 }",      "settings = { key = { env = 'A' } }"};
  const auto before = read_from(inline_tenant("a", "plugin = 'gam'"));
  for (const auto& change : changes) {
    CAPTURE(change);
    CHECK(compare(*before, *read_from(inline_tenant("a", "plugin = 'gam'\n" + change))).changed.size() == 1);
  }
  const auto with_secret = read_from(inline_tenant("a", "plugin = 'gam'\nsettings = { key = { env = 'A' } }"));
  const auto with_other = read_from(inline_tenant("a", "plugin = 'gam'\nsettings = { key = { env = 'B' } }"));
  CHECK(compare(*with_secret, *with_other).changed.size() == 1);
}

TEST_CASE("a change of a plugin's policy is a change of the tenants that use it") {
  const auto tenants = inline_tenant("a", "plugin = 'gam'") + inline_tenant("b", "plugin = 'kevel'");
  const std::string hash(64, 'a');
  for (const auto& policy :
       {"sha256 = ['" + hash + "']", std::string("allow_imports = ['fork']"), std::string("allow_resident = true")}) {
    CAPTURE(policy);
    const auto after = read_from("[plugins.gam]\n" + policy + "\n" + tenants);
    CHECK(compare(*read_from(tenants), *after).changed == std::vector<std::string>{"a"});
    CHECK(compare(*after, *read_from("\n[plugins.gam]\n" + policy + "\n" + tenants)).changed.empty());
  }
  CHECK(compare(*read_from(tenants), *read_from("[plugins.gam]\n" + tenants)).changed.empty());
}

TEST_CASE("a tenant that is broken now has not been removed") {
  const auto difference = compare(*read_from(acme), *read_from(inline_tenant("acme", "plugin = 3")));
  CHECK(difference.removed.empty());
  CHECK(difference.changed.empty());
}
