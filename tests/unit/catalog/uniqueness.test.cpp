// Goal: an account, a host, a principal and a name belong to one tenant; the later one is broken, alone, and both
// places are named.
#include "config_directory.hpp"

using namespace tenon;

TEST_CASE("what two tenants claim stays with the first, and the second is told where that is") {
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
          "tenants.d/acme.toml:3: error: expected " + what +
              " in one tenant, found it in tenant \"acme\" too; tenant \"zebra\" has it at tenon.toml:6\n");
    const auto read = directory.read();
    CHECK(read->tenants.contains("zebra"));
    CHECK(read->broken == std::vector<std::string>{"acme"});
  }
}

TEST_CASE("tenants of the main file come in its order and before the files, which come by name") {
  const config_directory directory;
  const std::string body = "plugin = 'gam'\naccounts = [{ id = 'x' }]";
  directory.add("tenants.d/b.toml", body);
  directory.add("tenants.d/a.toml", body);
  directory.main("");
  CHECK(directory.read()->broken == std::vector<std::string>{"b"});
  directory.main(inline_tenant("z", body) + inline_tenant("y", body));
  CHECK(directory.read()->broken == std::vector<std::string>{"a", "b", "y"});
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
        "tenon.toml:11: error: expected account \"b\" in one tenant, found it in tenant \"c\" too; tenant \"b\" "
        "has it at tenon.toml:7\n");
}

TEST_CASE("a table that is broken elsewhere still has what it claims, so that repairing it breaks nobody") {
  const config_directory directory;
  directory.main(inline_tenant("a", "plugin = 'gam'\nhosts = ['x.example']\nenabled = 3") +
                 inline_tenant("b", "plugin = 'gam'\nhosts = ['x.example']"));
  CHECK(directory.read()->broken == std::vector<std::string>{"a", "b"});
}
