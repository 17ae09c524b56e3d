// Goal: a plugin file is opened once, beneath its directory, and everything else is refused with its reason. Method:
// real directories with what ops, and Kubernetes, put into them.
#include "fixtures.hpp"
#include "in_child.hpp"

#include "plugin/file.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

std::string refusal_of(const fs::path& directory, const std::string& name) {
  const auto opened = open_candidate({directory}, name);
  return opened ? std::string() : opened.error().operator_detail;
}

}  // namespace

TEST_CASE("the first directory that has the plugin gives it, with its hash") {
  const scratch_directory first, second;
  write_file(second / "gam.so", "abc");
  const auto found = open_candidate({first.path() / "missing", first.path(), second.path()}, "gam");
  REQUIRE(found.has_value());
  CHECK(found->source == second / "gam.so");
  CHECK(found->bytes.size() == 3);
  CHECK(found->content_hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  write_file(first / "gam.so", "");
  CHECK(open_candidate({first.path(), second.path()}, "gam")->source == first / "gam.so");
}

TEST_CASE("a missing plugin is told with the directories, what is there and what was meant") {
  const scratch_directory directory;
  write_file(directory / "kevel.so", "");
  write_file(directory / "gam.so", "");
  write_file(directory / "notes.txt", "");
  const auto found = refusal_of(directory.path(), "kevle");
  CHECK_MESSAGE(says(found, "expected kevle.so in " + directory.path().string() + "; found gam, kevel"), found);
  CHECK_MESSAGE(says(found, "did you mean \"kevel\"?"), found);
  CHECK_FALSE(says(found, "notes"));
  CHECK(says(open_candidate({}, "gam").error().operator_detail, "plugin_dirs is empty"));
}

TEST_CASE("a name that is not a plain file name is refused") {
  const scratch_directory directory;
  const std::vector<std::string> names{
      "", ".", "..", ".hidden", "../gam", "a/b", "/etc/x", "a\nb", std::string(200, 'x')};
  for (const auto& name : names) {
    CAPTURE(name);
    CHECK(says(refusal_of(directory.path(), name), "expected a file name"));
  }
}

TEST_CASE("symbolic links inside the directory are followed, as Kubernetes mounts have them") {
  const scratch_directory directory;
  fs::create_directory(directory / "..2024");
  write_file(directory / "..2024/gam.so", "one");
  fs::create_directory_symlink("..2024", directory / "..data");
  fs::create_symlink("..data/gam.so", directory / "gam.so");
  CHECK(refusal_of(directory.path(), "gam") == "");
}

TEST_CASE("a symbolic link out of the directory is refused") {
  const scratch_directory directory, outside;
  write_file(outside / "gam.so", "x");
  fs::create_symlink(outside / "gam.so", directory / "gam.so");
  CHECK(says(refusal_of(directory.path(), "gam"), "leads out of the plugin directory"));
  fs::create_symlink("../../etc/passwd", directory / "up.so");
  CHECK(says(refusal_of(directory.path(), "up"), "leads out of the plugin directory"));
  fs::create_symlink("loop.so", directory / "loop.so");
  CHECK(says(refusal_of(directory.path(), "loop"), "symbolic links"));
}

TEST_CASE("only a regular file is read, and nothing waits for a pipe's writer") {
  const scratch_directory directory;
  REQUIRE(::mkfifo((directory / "pipe.so").c_str(), 0600) == 0);
  fs::create_directory(directory / "folder.so");
  CHECK(says(refusal_of(directory.path(), "pipe"), "expected a regular file, found a pipe"));
  CHECK(says(refusal_of(directory.path(), "folder"), "expected a regular file, found a directory"));
}

TEST_CASE("a file that is too large is not read") {
  const scratch_directory directory;
  write_file(directory / "big.so", "x");
  fs::resize_file(directory / "big.so", largest_plugin + 1);
  CHECK(says(refusal_of(directory.path(), "big"), "expected at most 67108864 bytes, found 67108865"));
}

TEST_CASE("an unreadable file is told") {
  const scratch_directory directory;
  write_file(directory / "gam.so", "x");
  fs::permissions(directory / "gam.so", fs::perms::none);
  give_to_nobody(directory.path());
  const auto found = as_nobody([&] { return refusal_of(directory.path(), "gam"); });
  CHECK_MESSAGE(says(found, "Permission denied (EACCES); make it readable"), found);
}
