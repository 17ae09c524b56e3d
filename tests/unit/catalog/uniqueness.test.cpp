// Goal: an account, a host, a principal and a name belong to one tenant: the one that has it in force, or nobody. Both
// places are named.
#include "config_directory.hpp"

#include <algorithm>

using namespace tenon;

TEST_CASE("what two tenants claim at a start is nobody's, and each is told where the other is") {
  struct {
    std::string first, second, what;
  } const cases[] = {
      {"accounts = [{ id = 'x' }]", "accounts = [{ id = 'y' }, { id = 'x' }]", "account \"x\""},
      {"accounts = [{ brand = 'b.example', operator = 'o.example' }]",
       "accounts = [{ brand = 'B.example', operator = 'o.example', sandbox = false }]",
       "account \"b.example/o.example\""},
      {"hosts = ['acme.example']", "hosts = ['ACME.example.:443']", "host \"acme.example\""},
      {"hosts = ['[::1]']", "hosts = ['0:0:0:0:0:0:0:1']", "host \"[::1]\""},
      {"principals = ['buyer']", "principals = ['buyer']", "principal \"buyer\""},
  };
  for (const auto& [first, second, what] : cases) {
    CAPTURE(what);
    const config_directory directory;
    directory.main(inline_tenant("zebra", "plugin = 'gam'\n" + first));
    directory.add("tenants.d/acme.toml", "plugin = 'kevel'\n\n" + second);
    CHECK(directory.findings() ==
          "tenon.toml:6: error: expected " + what +
              " in one tenant, found it in tenant \"zebra\" too; tenant \"acme\" has it at tenants.d/acme.toml:3; "
              "neither gets it while both list it\n"
              "tenants.d/acme.toml:3: error: expected " +
              what +
              " in one tenant, found it in tenant \"acme\" too; tenant \"zebra\" has it at tenon.toml:6; "
              "neither gets it while both list it\n");
    CHECK(directory.read()->broken == std::vector<std::string>{"acme", "zebra"});
  }
}

TEST_CASE("what a tenant has in force stays with it, wherever a newcomer stands and however broken its own table is") {
  const config_directory directory;
  const std::string body = "plugin = 'gam'\nhosts = ['m.example']\naccounts = [{ id = 'x' }]";
  directory.main("");
  directory.add("tenants.d/m.toml", body);
  const auto before = directory.read();
  const tenants_in_force in_force{before->tenants.at("m")};
  for (const std::string newcomer : {"a", "z"}) {
    for (const bool sound : {true, false}) {
      CAPTURE(newcomer);
      CAPTURE(sound);
      directory.add("tenants.d/m.toml", sound ? body : "plugin = \n");
      directory.add("tenants.d/" + newcomer + ".toml", body);
      const auto read = read_catalog(directory.config(), {}, in_force);
      REQUIRE(read.has_value());
      CHECK((*read)->tenants.contains("m") == sound);
      CHECK_FALSE((*read)->tenants.contains(newcomer));
      const auto said = std::ranges::find_if(
          (*read)->diagnostics, [&](const diagnostic& each) { return each.tenant == newcomer && each.line == 3; });
      REQUIRE(said != (*read)->diagnostics.end());
      CHECK(said->message.find("m.toml:" + std::string(sound ? "3" : "1") + " and keeps it") != std::string::npos);
      std::filesystem::remove(directory.root() / "tenants.d" / (newcomer + ".toml"));
    }
  }
}

TEST_CASE("what the tenant that has it in force gives up, another one may take") {
  const config_directory directory;
  directory.main("");
  directory.add("tenants.d/m.toml", "plugin = 'gam'\nhosts = ['m.example']");
  const tenants_in_force in_force{directory.read()->tenants.at("m")};
  directory.add("tenants.d/m.toml", "plugin = 'gam'");
  directory.add("tenants.d/a.toml", "plugin = 'gam'\nhosts = ['m.example']");
  const auto read = read_catalog(directory.config(), {}, in_force);
  REQUIRE(read.has_value());
  CHECK((*read)->broken.empty());
}

TEST_CASE("a stray copy under a name that is none has no say in what others claim") {
  const config_directory directory;
  directory.main("");
  const std::string body = "plugin = 'gam'\nhosts = ['acme.example']\naccounts = [{ id = 'x' }]";
  directory.add("tenants.d/acme.toml", body);
  directory.add("tenants.d/Acme copy.toml", body);
  const auto read = directory.read();
  CHECK(read->tenants.contains("acme"));
  REQUIRE(read->diagnostics.size() == 1);
  CHECK(read->diagnostics.front().message.find("expected a tenant name") == 0);
}

TEST_CASE("the sandbox account of a brand and an operator is another one than the real one") {
  const config_directory directory;
  directory.main(
      inline_tenant("a", "plugin = 'gam'\naccounts = [{ brand = 'b.example', operator = 'o.example' }]") +
      inline_tenant("b",
                    "plugin = 'gam'\naccounts = [{ brand = 'b.example', operator = 'o.example', sandbox = true }]"));
  CHECK(directory.findings().empty());
}

TEST_CASE("one tenant that lists something twice is told so") {
  const config_directory directory;
  directory.main(inline_tenant("a", "plugin = 'gam'\nhosts = ['x.example',\n'X.example']"));
  CHECK(directory.findings() ==
        "tenon.toml:7: error: expected host \"x.example\" once, found it again; the first is at tenon.toml:6\n");
}

TEST_CASE("a tenant defined twice keeps its first definition") {
  const config_directory directory;
  directory.main(inline_tenant("acme", "plugin = 'gam'\nhosts = ['x.example']"));
  directory.add("tenants.d/acme.toml", "plugin = 'kevel'\nhosts = ['x.example']");
  CHECK(directory.findings() ==
        "tenants.d/acme.toml:1: error: expected one definition of tenant \"acme\", found a second one; the first is at "
        "tenon.toml:4\n");
  const auto read = directory.read();
  CHECK(read->tenants.at("acme")->plugin == "gam");
  CHECK(read->broken.empty());
}

TEST_CASE("a tenant's name is an account id of its own, which nobody else can list") {
  const config_directory directory;
  directory.main(inline_tenant("a", "plugin = 'gam'\naccounts = [{ id = 'a' }]") +
                 inline_tenant("b", "plugin = 'gam'") +
                 inline_tenant("c", "plugin = 'gam'\naccounts = [{ id = 'b' }]"));
  CHECK(directory.findings() ==
        "tenon.toml:7: error: expected account \"b\" (the id of a tenant's own account is its name) in one tenant, "
        "found it in tenant \"b\" too; tenant \"c\" has it at tenon.toml:11; neither gets it while both list it\n"
        "tenon.toml:11: error: expected account \"b\" in one tenant, found it in tenant \"c\" too; tenant \"b\" "
        "has it at tenon.toml:7; neither gets it while both list it\n");
}

TEST_CASE("a table that is broken elsewhere still has what it claims, so that repairing it breaks nobody") {
  const config_directory directory;
  directory.main(inline_tenant("a", "plugin = 'gam'\nhosts = ['x.example']\nenabled = 3") +
                 inline_tenant("b", "plugin = 'gam'\nhosts = ['x.example']"));
  CHECK(directory.read()->broken == std::vector<std::string>{"a", "b"});
}
