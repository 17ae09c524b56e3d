// Goal: the host runs only what root, its own user or the operators' group could have written. Method: the rules on
// made-up answers of stat(), so that no test has to be root; then real files and directories with real modes.
#include "fixtures.hpp"
#include "in_child.hpp"

#include "plugin/ownership.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr uid_t host = 1000, mallory = 1001;
constexpr gid_t operators = 50, users = 100, of_host = 1000;
const trusted_owners trusted{.user = host, .group = operators, .private_group = of_host};

struct stat state(uid_t user, gid_t group, mode_t mode, nlink_t links = 1) {
  struct stat made {};
  made.st_uid = user;
  made.st_gid = group;
  made.st_mode = mode;
  made.st_nlink = links;
  return made;
}

std::string of_file(uid_t user, gid_t group, mode_t mode, nlink_t links = 1) {
  return distrust_file("/plugins/gam.so", state(user, group, S_IFREG | mode, links), trusted);
}

std::string of_directory(uid_t user, gid_t group, mode_t mode, bool read_only = false) {
  return distrust_directory("/plugins", state(user, group, S_IFDIR | mode, 2), trusted, read_only);
}

std::string refusal_of(const fs::path& directory, const std::string& ops_group = {}) {
  const auto opened = open_candidate({directory}, "gam", ops_group);
  return opened ? std::string() : opened.error().operator_detail;
}

}  // namespace

TEST_CASE("files of root, of the host's user and of the operators' group are taken") {
  CHECK(of_file(0, 0, 0644) == "");
  CHECK(of_file(host, users, 0755) == "");
  CHECK(of_file(mallory, operators, 0664) == "");
  CHECK(of_file(host, of_host, 0664) == "");
}

TEST_CASE("a foreign owner is refused, with the command that mends it") {
  const auto told = of_file(mallory, users, 0644);
  CHECK(says(told, "expected it to belong to root, to the host's user (1000) or to the group of host.ops_group (50)"));
  CHECK(says(told, "found user 1001 and group 100"));
  CHECK(says(told, "chown root '/plugins/gam.so'"));
  CHECK(says(of_directory(mallory, users, 0755), "chown root '/plugins'"));
}

TEST_CASE("what others may write to is refused, with the command that mends it") {
  CHECK(says(of_file(host, users, 0664), "writable by group 100; chmod g-w '/plugins/gam.so', or name that group"));
  CHECK(says(of_file(0, 0, 0664), "writable by group 0"));
  CHECK(says(of_file(0, 0, 0666), "found mode 0666, writable by everybody; chmod o-w '/plugins/gam.so'"));
  CHECK(says(of_directory(0, 0, 0777), "chmod o-w '/plugins'"));
  CHECK(says(of_directory(0, 0, 01777), "chmod o-w '/plugins'"));
  CHECK(says(of_directory(0, users, 0775), "chmod g-w '/plugins'"));
  CHECK(of_directory(mallory, operators, 02775) == "");
  CHECK(of_directory(0, 0, 0777, true) == "");  // a volume of Kubernetes
}

TEST_CASE("a setuid or setgid file is refused") {
  CHECK(says(of_file(0, 0, 04755), "found mode 4755, setuid or setgid"));
  CHECK(says(of_file(0, 0, 02755), "chmod ug-s"));
}

TEST_CASE("other hard links are taken only if nobody but root and the host's user can write to the file") {
  CHECK(of_file(0, 0, 0644, 2) == "");
  CHECK(of_file(host, users, 0644, 3) == "");
  CHECK(says(of_file(mallory, operators, 0644, 2), "found 2 hard links"));
  CHECK(says(of_file(host, operators, 0664, 2), "install -m 0644 FILE '/plugins/gam.so'"));
}

TEST_CASE("a parent may be sticky, but not open to everybody") {
  const auto of_parent = [](mode_t mode) { return distrust_parent("/srv", state(0, 0, S_IFDIR | mode)); };
  CHECK(of_parent(0755) == "");
  CHECK(of_parent(01777) == "");
  CHECK(of_parent(02775) == "");
  CHECK(says(of_parent(0777), "chmod o-w '/srv'"));
}

TEST_CASE("modes of real files and of the directories that hold them are looked at") {
  const scratch_directory place;
  const auto plugins = place / "open/plugins";
  fs::create_directories(plugins);
  write_file(plugins / "gam.so", "x");
  const auto mode = [](const fs::path& path, unsigned bits) { REQUIRE(::chmod(path.c_str(), bits) == 0); };
  mode(plugins / "gam.so", 0644);
  mode(plugins, 0755);
  mode(place / "open", 0755);
  CHECK(refusal_of(plugins) == "");
  mode(plugins / "gam.so", 0666);
  CHECK(says(refusal_of(plugins), "gam.so: expected only root"));
  mode(plugins / "gam.so", 06755);
  CHECK(says(refusal_of(plugins), "setuid or setgid"));
  mode(plugins / "gam.so", 0644);
  mode(plugins, 0777);
  CHECK(says(refusal_of(plugins), "open/plugins: expected only root"));
  mode(plugins, 0755);
  mode(place / "open", 0777);
  CHECK(says(refusal_of(plugins), "the plugin directory in it could be replaced"));
  mode(place / "open", 01777);
  CHECK(refusal_of(plugins) == "");
}

TEST_CASE("a directory that a symbolic link leads to is looked at too") {
  const scratch_directory place;
  fs::create_directory(place / "..2024");
  write_file(place / "..2024/gam.so", "one");
  fs::create_directory_symlink("..2024", place / "..data");
  fs::create_symlink("..data/gam.so", place / "gam.so");
  CHECK(refusal_of(place.path()) == "");
  REQUIRE(::chmod((place / "..2024").c_str(), 0777) == 0);
  CHECK(says(refusal_of(place.path()), "..2024: expected only root"));
}

TEST_CASE("a plugin may be dropped with ln") {
  const scratch_directory place;
  write_file(place / "build.so", "x");
  fs::create_hard_link(place / "build.so", place / "gam.so");
  CHECK(refusal_of(place.path()) == "");
}

TEST_CASE("a foreign file is refused for real, and one of the operators' group is taken from whom it is configured") {
  if (::geteuid() != 0) {
    MESSAGE("only root can make a file of somebody else");
    return;
  }
  const scratch_directory place;
  write_file(place / "gam.so", "x");
  REQUIRE(::chown((place / "gam.so").c_str(), mallory, users) == 0);
  CHECK(says(refusal_of(place.path()), "found user 1001 and group 100"));

  // As ops leave it: theirs, and writable by their group.
  const auto* operators = ::getgrgid(users);
  REQUIRE(operators != nullptr);
  const std::string group = operators->gr_name;
  REQUIRE(::chown((place / "gam.so").c_str(), 0, users) == 0);
  REQUIRE(::chmod((place / "gam.so").c_str(), 0664) == 0);
  CHECK(says(refusal_of(place.path()), "gam.so: expected only root"));
  CHECK(refusal_of(place.path(), group) == "");
}

TEST_CASE("a host that is not root takes files of root's and its own, and nobody else's") {
  const scratch_directory place;
  const auto plugins = place / "plugins";
  fs::create_directory(plugins);
  write_file(plugins / "gam.so", "x");
  REQUIRE(::chmod(place.path().c_str(), 0755) == 0);
  const auto as_host = [&] { return as_nobody([&] { return refusal_of(plugins); }); };
  if (::geteuid() == 0) CHECK(as_host() == "");  // root's file
  give_to_nobody(plugins / "gam.so");
  CHECK(as_host() == "");
  if (::geteuid() == 0) {
    REQUIRE(::chown((plugins / "gam.so").c_str(), mallory, users) == 0);
    CHECK(says(as_host(), "found user 1001"));
    give_to_nobody(plugins / "gam.so");
  }
  REQUIRE(::chmod(plugins.c_str(), 0777) == 0);
  CHECK(says(as_host(), "plugins: expected only root"));
  REQUIRE(::chmod(plugins.c_str(), 01777) == 0);
  CHECK(says(as_host(), "plugins"));  // sticky is fine for a parent, not where the files lie
}

TEST_CASE("a group that does not exist is told") {
  const scratch_directory place;
  write_file(place / "gam.so", "x");
  CHECK(
      says(refusal_of(place.path(), "no-such-group-here"), "host.ops_group: expected a group that this machine knows"));
}
